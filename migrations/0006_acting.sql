-- Members of staff who act as a member just now. (Types as in 0001.)

-- The session knows that it acts; this says it to whoever writes down that it is over, also where the session just went. No reference
-- to it, nor to the actor: the row stays until then.
CREATE TABLE acting (
    session_id_hash BYTEA  NOT NULL CONSTRAINT acting_pk PRIMARY KEY,
    -- As whom.
    member_id       BIGINT NOT NULL CONSTRAINT acting_member REFERENCES users (id) ON DELETE CASCADE,
    actor_id        BIGINT NOT NULL,
    -- As both are called.
    member          TEXT   NOT NULL,
    actor           TEXT   NOT NULL,
    ends_at         BIGINT NOT NULL
);
CREATE INDEX acting_member_id ON acting (member_id);
CREATE INDEX acting_ends_at ON acting (ends_at);
