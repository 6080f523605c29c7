-- Where accounts and groups came from, so that an import can be repeated. (Types as in 0001.)

CREATE TABLE imported_users (
    -- Which site, as `import --source` calls it.
    source     TEXT   NOT NULL,
    -- Its primary key there.
    source_key TEXT   NOT NULL,
    -- Empty when the account was deleted here: it is not taken again.
    user_id    BIGINT CONSTRAINT imported_users_user REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT imported_users_pk PRIMARY KEY (source, source_key)
);
CREATE INDEX imported_users_user_id ON imported_users (user_id);

-- What was taken last time, as a hash for each value: by it a change there is told from a change here.
CREATE TABLE imported_values (
    user_id BIGINT NOT NULL CONSTRAINT imported_values_pk PRIMARY KEY
        CONSTRAINT imported_values_user REFERENCES users (id) ON DELETE CASCADE,
    digests BYTEA  NOT NULL
);

CREATE TABLE imported_groups (
    source     TEXT   NOT NULL,
    source_key TEXT   NOT NULL,
    group_id   BIGINT CONSTRAINT imported_groups_group REFERENCES groups (id) ON DELETE SET NULL,
    digests    BYTEA  NOT NULL,
    CONSTRAINT imported_groups_pk PRIMARY KEY (source, source_key)
);
