-- What a cache outside of the processes is trusted by; see src/cache/epoch.rs. (Types as in 0001.)

CREATE TABLE cache_epochs (
    -- cache.prefix.
    prefix TEXT   NOT NULL CONSTRAINT cache_epochs_pk PRIMARY KEY,
    -- Entries of another epoch are invalid. It only rises: a time, or one more than before.
    epoch  BIGINT NOT NULL,
    -- Which run of which server has the entries, as Redis tells; empty: others do not.
    server TEXT   NOT NULL
);
