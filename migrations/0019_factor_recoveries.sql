-- Second factors that are to be removed because their owner has lost them, after a waiting period. (Types as in 0001.)

CREATE TABLE factor_recoveries (
    user_id       BIGINT NOT NULL CONSTRAINT factor_recoveries_pk PRIMARY KEY
                  CONSTRAINT factor_recoveries_user REFERENCES users (id) ON DELETE CASCADE,
    -- The account's stamp at the beginning: with another one, nothing is removed.
    session_stamp BYTEA  NOT NULL,
    created_at    BIGINT NOT NULL,
    -- How long the whole period takes, in milliseconds.
    delay         BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    -- Whether the mail of the half-way was queued.
    is_half_over  BIGINT NOT NULL
);
CREATE INDEX factor_recoveries_ends_at ON factor_recoveries (ends_at);

CREATE VIEW export_factor_recoveries AS
    SELECT user_id, created_at, delay, ends_at, is_half_over FROM factor_recoveries;
