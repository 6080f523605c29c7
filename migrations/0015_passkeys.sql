-- Passkeys: factors of the kind 'passkey'. Their `handle` is the credential's id in base64url, their `secret` the public key with what
-- is known of it (JSON, src/auth/webauthn/mod.rs), their `last_step` the authenticator's counter, their `confirmed_at` when they first verified their owner. (Types as in 0001.)

-- The name that its owner gave a passkey; empty for other kinds.
ALTER TABLE factors ADD COLUMN label TEXT NOT NULL DEFAULT '';
-- The host that a passkey is for; empty for other kinds. At another host browsers do not offer it.
ALTER TABLE factors ADD COLUMN party TEXT NOT NULL DEFAULT '';
-- Whether the owner wants a passkey to be asked for after the password, too.
ALTER TABLE users ADD COLUMN asks_passkey BIGINT NOT NULL DEFAULT 0;
-- A login by a passkey names no account: the credential does.
CREATE UNIQUE INDEX factors_passkey ON factors (handle) WHERE kind = 'passkey';

-- What an account is called by authenticators: 16 random bytes, so that neither its id nor its name gets into them.
CREATE TABLE passkey_handles (
    user_id    BIGINT NOT NULL CONSTRAINT passkey_handles_pk PRIMARY KEY CONSTRAINT passkey_handles_user REFERENCES users (id) ON DELETE CASCADE,
    handle     BYTEA  NOT NULL CONSTRAINT passkey_handles_handle UNIQUE,
    created_at BIGINT NOT NULL
);

-- Challenges that were not answered yet. Not in `pending_logins`: a login by a passkey has no account before its answer.
CREATE TABLE passkey_challenges (
    -- SHA-256 of the browser's cookie and the challenge.
    challenge_hash BYTEA  NOT NULL CONSTRAINT passkey_challenges_pk PRIMARY KEY,
    -- 'passkey_login', 'passkey_second', 'passkey_reauthenticate', 'passkey_register', 'security_key_register'.
    method         TEXT   NOT NULL,
    -- The account, where it is known.
    user_id        BIGINT CONSTRAINT passkey_challenges_user REFERENCES users (id) ON DELETE CASCADE,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_user_id ON passkey_challenges (user_id);
CREATE INDEX passkey_challenges_expires_at ON passkey_challenges (expires_at);

DROP VIEW export_factors;
CREATE VIEW export_factors AS SELECT user_id, created_at, kind, label, party, confirmed_at, last_used_at FROM factors;
CREATE VIEW export_passkey_handles AS SELECT user_id, created_at FROM passkey_handles;
CREATE VIEW export_passkey_challenges AS SELECT user_id, created_at, method, expires_at FROM passkey_challenges;
