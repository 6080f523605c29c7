-- Logins by a mailed code that wait for it: a row for each request, whether there is such an account or not. (Types as in 0001.)

CREATE TABLE mail_logins (
    -- SHA-256 of the cookie's secret. The hash of the code contains it: who reads this table and knows the code lacks the cookie.
    token_hash    BYTEA  NOT NULL CONSTRAINT mail_logins_pk PRIMARY KEY,
    -- What was typed: the limit of codes and the line of a wrong one go by it, so that they reveal no account.
    login         TEXT   NOT NULL,
    -- The account and its stamp at the time of the mail. Empty until the queue has found one.
    user_id       BIGINT CONSTRAINT mail_logins_user REFERENCES users (id) ON DELETE CASCADE,
    session_stamp BYTEA,
    next_page     TEXT   NOT NULL,
    is_remembered BIGINT NOT NULL,
    tries         BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX mail_logins_user_id ON mail_logins (user_id);
CREATE INDEX mail_logins_expires_at ON mail_logins (expires_at);

CREATE VIEW export_mail_logins AS
    SELECT user_id, created_at, login, next_page, is_remembered, tries, expires_at FROM mail_logins;
