-- What the stored password hashes cost to check, a row for each cost that there is (src/accounts/password_cost.rs), so that a refused
-- login can cost the same whoever it was for. Nothing of anybody's in it. (Types as in 0001.)

CREATE TABLE password_costs (
    cost    TEXT   NOT NULL CONSTRAINT password_costs_pk PRIMARY KEY,
    -- When a hash of that cost was last known to be there; of the empty cost: when all hashes were last looked through.
    seen_at BIGINT NOT NULL
);
