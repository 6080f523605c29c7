-- What was true a moment ago. (Types as in 0001.)

-- Session ids that were replaced by another one. All instances have to know them: a request that was on its way when the id
-- changed is to be sent again, and neither logs the member out nor removes the new cookie. They open nothing.
CREATE TABLE renewed_sessions (
    -- SHA-256 of the id, as in `sessions`.
    id_hash    BYTEA  NOT NULL CONSTRAINT renewed_sessions_pk PRIMARY KEY,
    renewed_at BIGINT NOT NULL
);
CREATE INDEX renewed_sessions_renewed_at ON renewed_sessions (renewed_at);

-- When a link or code was used. It is good for nothing from then on; whoever opens it once more is told what it has done.
ALTER TABLE tokens ADD COLUMN used_at BIGINT;
