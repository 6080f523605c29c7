-- What members prove themselves by besides the password, and logins that wait for it. (Types as in 0001.)

CREATE TABLE factors (
    id           BIGINT NOT NULL CONSTRAINT factors_pk PRIMARY KEY,
    user_id      BIGINT NOT NULL CONSTRAINT factors_user REFERENCES users (id) ON DELETE CASCADE,
    -- 'totp': an authenticator app; 'recovery': one recovery code.
    kind         TEXT   NOT NULL,
    -- What tells a member's factors of one kind apart: empty for the app, the first characters of a recovery code.
    handle       TEXT   NOT NULL,
    -- A sealed secret (src/auth/factors/seal.rs), or the hash of a recovery code as text.
    secret       BYTEA  NOT NULL,
    -- The latest time step whose code was used.
    last_step    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    -- When it first worked. Before that it proves nothing.
    confirmed_at BIGINT,
    last_used_at BIGINT,
    CONSTRAINT factors_handle UNIQUE (user_id, kind, handle)
);

-- A login between its steps: the password was right, and nothing else has happened yet.
CREATE TABLE pending_logins (
    -- SHA-256 of the cookie.
    token_hash    BYTEA  NOT NULL CONSTRAINT pending_logins_pk PRIMARY KEY,
    user_id       BIGINT NOT NULL CONSTRAINT pending_logins_user REFERENCES users (id) ON DELETE CASCADE,
    -- The account's stamp at that time: another password, deactivation or a request for deletion ends the login.
    session_stamp BYTEA  NOT NULL,
    -- What was proven: 'password'.
    method        TEXT   NOT NULL,
    next_page     TEXT   NOT NULL,
    is_remembered BIGINT NOT NULL,
    wrong_tries   BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX pending_logins_user_id ON pending_logins (user_id);
CREATE INDEX pending_logins_expires_at ON pending_logins (expires_at);

CREATE VIEW export_factors AS
    SELECT user_id, created_at, kind, confirmed_at, last_used_at FROM factors;

CREATE VIEW export_pending_logins AS
    SELECT user_id, created_at, method, next_page, is_remembered, wrong_tries, expires_at FROM pending_logins;
