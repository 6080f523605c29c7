-- What an account needs to be lived with: a profile, a proven address, mails, devices, throttles. (Types as in 0001.)

ALTER TABLE users ADD COLUMN first_name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN last_name TEXT NOT NULL DEFAULT '';
-- When the owner of the address said that the account is theirs; empty: nobody has yet.
ALTER TABLE users ADD COLUMN email_verified_at BIGINT;
-- From then on the account's rows may be deleted; empty: nobody asked for it.
ALTER TABLE users ADD COLUMN delete_after BIGINT;
-- Changes with the picture, so that its address does; empty: no picture.
ALTER TABLE users ADD COLUMN picture_version BIGINT;
-- An address belongs to one account, but only from the moment on that it is proven: to refuse an unproven one at sign-up would
-- tell everybody who has an account.
CREATE UNIQUE INDEX users_verified_email_unique ON users (email_key) WHERE email_verified_at IS NOT NULL;
CREATE INDEX users_delete_after ON users (delete_after) WHERE delete_after IS NOT NULL;

CREATE TABLE pictures (
    user_id BIGINT NOT NULL CONSTRAINT pictures_pk PRIMARY KEY
        CONSTRAINT pictures_user REFERENCES users (id) ON DELETE CASCADE,
    -- WebP, made by the program from what was uploaded.
    large   BYTEA  NOT NULL,
    small   BYTEA  NOT NULL
);

-- What happened, beyond its kind: which mail, which device.
ALTER TABLE activity ADD COLUMN detail TEXT NOT NULL DEFAULT '';

-- Browsers that an account has logged in from, by the hash of a cookie of their own.
CREATE TABLE known_devices (
    token_hash    BYTEA  NOT NULL,
    user_id       BIGINT NOT NULL CONSTRAINT known_devices_user REFERENCES users (id) ON DELETE CASCADE,
    created_at    BIGINT NOT NULL,
    last_login_at BIGINT NOT NULL,
    CONSTRAINT known_devices_pk PRIMARY KEY (token_hash, user_id)
);
CREATE INDEX known_devices_user_id ON known_devices (user_id, last_login_at);

-- Links and codes in mails: good once, for one purpose, one account and one address.
CREATE TABLE tokens (
    token_hash BYTEA  NOT NULL CONSTRAINT tokens_pk PRIMARY KEY,
    purpose    TEXT   NOT NULL,
    user_id    BIGINT NOT NULL CONSTRAINT tokens_user REFERENCES users (id) ON DELETE CASCADE,
    email      TEXT   NOT NULL,
    -- Empty where the mail has no code.
    code_hash  BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tokens_user_id ON tokens (user_id, purpose);
CREATE INDEX tokens_expires_at ON tokens (expires_at);

-- Mails to be sent. A row says which and to whom; links and codes are made when it is sent, so that none stands here.
CREATE TABLE mails (
    id          BIGINT NOT NULL CONSTRAINT mails_pk PRIMARY KEY,
    kind        TEXT   NOT NULL,
    user_id     BIGINT CONSTRAINT mails_user REFERENCES users (id) ON DELETE CASCADE,
    address     TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    tries       BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    last_error  TEXT   NOT NULL
);
CREATE INDEX mails_next_try_at ON mails (next_try_at);

-- How often something was tried, by the hash of what and who.
CREATE TABLE throttles (
    key_hash   BYTEA  NOT NULL CONSTRAINT throttles_pk PRIMARY KEY,
    count      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX throttles_expires_at ON throttles (expires_at);
