-- Who must have a second factor, and since when; who has one is a filter of the list of users. `postgres/0017` is the same in
-- PostgreSQL's words. (Types as in 0001.)

ALTER TABLE groups ADD COLUMN requires_second_factor BIGINT NOT NULL DEFAULT 0;
-- When the account was first found to need a second factor: the period of grace begins then. Set once, also if the rule comes and goes.
ALTER TABLE users ADD COLUMN second_factor_required_at BIGINT;
-- Whether it needs one now, as last found: then a passkey is asked for after the password, too.
ALTER TABLE users ADD COLUMN second_factor_required BIGINT NOT NULL DEFAULT 0;

-- A copy, for the list: whether the account has a confirmed factor other than recovery codes.
ALTER TABLE users ADD COLUMN has_second_factor BIGINT NOT NULL DEFAULT 0;
UPDATE users SET has_second_factor = 1
    WHERE id IN (SELECT user_id FROM factors WHERE kind <> 'recovery' AND confirmed_at IS NOT NULL);

-- The column `facet` of 0005 with a fifth fact. SQLite cannot change a column's expression.
DROP TRIGGER users_inserted;
DROP TRIGGER users_deleted;
DROP TRIGGER users_recounted;
DROP TRIGGER users_copied;
DROP TRIGGER group_members_inserted;
DROP TRIGGER group_members_recounted;
DROP INDEX users_by_username;
DROP INDEX users_by_email;
DROP INDEX users_by_joined;
DROP INDEX users_by_seen;
ALTER TABLE users DROP COLUMN facet;
ALTER TABLE users ADD COLUMN facet BIGINT NOT NULL GENERATED ALWAYS AS
    (has_second_factor * 16 + is_active * 8 + is_staff * 4 + is_superuser * 2 + (email_verified_at IS NOT NULL)) VIRTUAL;
CREATE INDEX users_by_username ON users (facet, username_key, id);
CREATE INDEX users_by_email ON users (facet, email_key, id);
CREATE INDEX users_by_joined ON users (facet, date_joined, id);
CREATE INDEX users_by_seen ON users (facet, seen, id);
UPDATE group_members SET facet = facet + 16 WHERE user_id IN (SELECT id FROM users WHERE has_second_factor = 1);
DELETE FROM user_counts;
INSERT INTO user_counts SELECT 0, facet, COUNT(*) FROM users GROUP BY facet;
INSERT INTO user_counts SELECT group_id, facet, COUNT(*) FROM group_members GROUP BY group_id, facet;

CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
    INSERT INTO users_search (rowid, search) VALUES (new.id, new.search);
    INSERT INTO user_counts VALUES (0, new.facet, 1) ON CONFLICT (group_id, facet) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
    INSERT INTO users_search (users_search, rowid, search) VALUES ('delete', old.id, old.search);
    UPDATE user_counts SET count = count - 1 WHERE group_id = 0 AND facet = old.facet;
END;
CREATE TRIGGER users_recounted
    AFTER UPDATE OF is_active, is_staff, is_superuser, email_verified_at, has_second_factor ON users WHEN old.facet <> new.facet
BEGIN
    UPDATE user_counts SET count = count - 1 WHERE group_id = 0 AND facet = old.facet;
    INSERT INTO user_counts VALUES (0, new.facet, 1) ON CONFLICT (group_id, facet) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER users_copied
    AFTER UPDATE OF username_key, email_key, date_joined, last_login, is_active, is_staff, is_superuser, email_verified_at,
        has_second_factor ON users
    WHEN old.facet <> new.facet OR old.username_key <> new.username_key OR old.email_key <> new.email_key
        OR old.date_joined <> new.date_joined OR old.seen <> new.seen
BEGIN
    UPDATE group_members SET facet = new.facet, username_key = new.username_key, email_key = new.email_key,
        date_joined = new.date_joined, seen = new.seen
        WHERE user_id = new.id;
END;
CREATE TRIGGER group_members_inserted AFTER INSERT ON group_members BEGIN
    UPDATE group_members SET (facet, username_key, email_key, date_joined, seen) =
        (SELECT facet, username_key, email_key, date_joined, seen FROM users WHERE users.id = new.user_id)
        WHERE group_id = new.group_id AND user_id = new.user_id;
    INSERT INTO user_counts SELECT new.group_id, facet, 1 FROM users WHERE users.id = new.user_id
        ON CONFLICT (group_id, facet) DO UPDATE SET count = count + 1;
END;
-- Fired by `users_copied`. The copy of a new row is counted where it is made.
CREATE TRIGGER group_members_recounted
    AFTER UPDATE OF facet ON group_members WHEN old.facet <> new.facet AND old.username_key <> ''
BEGIN
    UPDATE user_counts SET count = count - 1 WHERE group_id = old.group_id AND facet = old.facet;
    INSERT INTO user_counts VALUES (old.group_id, new.facet, 1) ON CONFLICT (group_id, facet) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER factors_inserted AFTER INSERT ON factors WHEN new.kind <> 'recovery' AND new.confirmed_at IS NOT NULL BEGIN
    UPDATE users SET has_second_factor = 1 WHERE id = new.user_id AND has_second_factor = 0;
END;
CREATE TRIGGER factors_confirmed AFTER UPDATE OF confirmed_at ON factors
    WHEN new.kind <> 'recovery' AND new.confirmed_at IS NOT NULL
BEGIN
    UPDATE users SET has_second_factor = 1 WHERE id = new.user_id AND has_second_factor = 0;
END;
CREATE TRIGGER factors_deleted AFTER DELETE ON factors WHEN old.kind <> 'recovery' AND old.confirmed_at IS NOT NULL BEGIN
    UPDATE users SET has_second_factor = 0 WHERE id = old.user_id AND has_second_factor = 1 AND NOT EXISTS
        (SELECT 1 FROM factors WHERE user_id = old.user_id AND kind <> 'recovery' AND confirmed_at IS NOT NULL);
END;
