-- What the security page shows of an account. NULL: from before these columns, or from an import. (Types as in 0001.)

ALTER TABLE users ADD COLUMN password_changed_at BIGINT;
-- 'password': the first step of the last login.
ALTER TABLE users ADD COLUMN last_login_method TEXT;
