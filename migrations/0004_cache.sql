-- What is cached where cache.url is database://. (Types as in 0001.)

CREATE TABLE cache_entries (
    -- cache.prefix, the kind (e: an entry, t: the number of a tag), the SHA-256 of the key: what an entry is of stands in no address.
    address    TEXT   NOT NULL CONSTRAINT cache_entries_pk PRIMARY KEY,
    -- Whose it is, so that it goes with the account; empty: everybody's.
    user_id    BIGINT CONSTRAINT cache_entries_user REFERENCES users (id) ON DELETE CASCADE,
    content    BYTEA  NOT NULL,
    size       BIGINT NOT NULL,
    -- From then on the row may be deleted. (How long an entry is good stands in it.)
    expires_at BIGINT NOT NULL
);
CREATE INDEX cache_entries_user_id ON cache_entries (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX cache_entries_expires_at ON cache_entries (expires_at);
