-- One text for SQLite and PostgreSQL. Flags are BIGINT 0/1 and times BIGINT milliseconds since 1970 (UTC), because those are
-- the types that sqlx's Any driver reads from both; ids are made by the program (src/server/id.rs).

CREATE TABLE users (
    id            BIGINT NOT NULL CONSTRAINT users_pk PRIMARY KEY,
    username      TEXT   NOT NULL,
    -- NFKC, case folded, fillers removed: what makes two names the same name.
    username_key  TEXT   NOT NULL
        CONSTRAINT users_username_unique UNIQUE
        CONSTRAINT users_username_not_empty CHECK (username_key <> ''),
    email         TEXT   NOT NULL,
    email_key     TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    -- Random; copied into each session. A new one ends every session of the member, a new password *hash* does not.
    session_stamp BYTEA  NOT NULL,
    is_active     BIGINT NOT NULL CONSTRAINT users_is_active_flag CHECK (is_active IN (0, 1)),
    is_staff      BIGINT NOT NULL CONSTRAINT users_is_staff_flag CHECK (is_staff IN (0, 1)),
    is_superuser  BIGINT NOT NULL CONSTRAINT users_is_superuser_flag CHECK (is_superuser IN (0, 1)),
    date_joined   BIGINT NOT NULL,
    last_login    BIGINT
);
CREATE INDEX users_email_key ON users (email_key, date_joined);

CREATE TABLE sessions (
    -- SHA-256 of the cookie's id: who reads this table cannot use a session.
    id_hash             BYTEA  NOT NULL CONSTRAINT sessions_pk PRIMARY KEY,
    user_id             BIGINT NOT NULL CONSTRAINT sessions_user REFERENCES users (id) ON DELETE CASCADE,
    data                TEXT   NOT NULL,
    created_at          BIGINT NOT NULL,
    last_seen_at        BIGINT NOT NULL,
    idle_expires_at     BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    address             TEXT   NOT NULL,
    agent               TEXT   NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id, last_seen_at);
CREATE INDEX sessions_idle_expires_at ON sessions (idle_expires_at);
CREATE INDEX sessions_absolute_expires_at ON sessions (absolute_expires_at);

-- What happened to an account; rows are only added.
CREATE TABLE activity (
    id      BIGINT NOT NULL CONSTRAINT activity_pk PRIMARY KEY,
    user_id BIGINT NOT NULL CONSTRAINT activity_user REFERENCES users (id) ON DELETE CASCADE,
    kind    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    address TEXT   NOT NULL,
    agent   TEXT   NOT NULL
);
CREATE INDEX activity_user_id ON activity (user_id, at);
