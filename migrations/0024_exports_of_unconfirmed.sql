-- A copy of a member's data does not list the mails to an address that they have not confirmed, which anybody can ask for: they go to
-- the owner of the address if there is one, and whoever signed up with it must not see that.

DROP VIEW export_links_in_mails;
CREATE VIEW export_links_in_mails AS
    SELECT tokens.user_id AS user_id, tokens.created_at AS created_at, tokens.purpose AS purpose, tokens.email AS email,
           tokens.expires_at AS expires_at, tokens.used_at AS used_at
    FROM tokens JOIN users ON users.id = tokens.user_id
    WHERE users.email_verified_at IS NOT NULL OR tokens.purpose NOT IN ('verify_email', 'reset_password');

DROP VIEW export_mails_to_be_sent;
CREATE VIEW export_mails_to_be_sent AS
    SELECT mails.user_id AS user_id, mails.created_at AS created_at, mails.kind AS kind, mails.address AS address,
           mails.detail AS detail, mails.tries AS tries, mails.next_try_at AS next_try_at
    FROM mails JOIN users ON users.id = mails.user_id
    WHERE users.email_verified_at IS NOT NULL OR mails.kind NOT IN ('verify_email', 'reset_password');

INSERT INTO compatible_migrations VALUES (24, 22);
