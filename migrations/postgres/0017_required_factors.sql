-- Who must have a second factor, and since when; who has one is a filter of the list of users. `sqlite/0017` is the same in SQLite's
-- words. (Types as in 0001.)

ALTER TABLE groups ADD COLUMN requires_second_factor BIGINT NOT NULL DEFAULT 0;
-- When the account was first found to need a second factor: the period of grace begins then. Set once, also if the rule comes and goes.
ALTER TABLE users ADD COLUMN second_factor_required_at BIGINT;
-- Whether it needs one now, as last found: then a passkey is asked for after the password, too.
ALTER TABLE users ADD COLUMN second_factor_required BIGINT NOT NULL DEFAULT 0;

-- A copy, for the list: whether the account has a confirmed factor other than recovery codes.
ALTER TABLE users ADD COLUMN has_second_factor BIGINT NOT NULL DEFAULT 0;
UPDATE users SET has_second_factor = 1
    WHERE id IN (SELECT user_id FROM factors WHERE kind <> 'recovery' AND confirmed_at IS NOT NULL);

-- The column `facet` of 0005 with a fifth fact. Before version 17 PostgreSQL cannot change a column's expression.
DROP TRIGGER users_recounted ON users;
DROP TRIGGER users_copied ON users;
DROP INDEX users_by_username, users_by_email, users_by_joined, users_by_seen;
ALTER TABLE users DROP COLUMN facet;
ALTER TABLE users ADD COLUMN facet BIGINT NOT NULL GENERATED ALWAYS AS (
    has_second_factor * 16 + is_active * 8 + is_staff * 4 + is_superuser * 2
    + CASE WHEN email_verified_at IS NULL THEN 0 ELSE 1 END
) STORED;
CREATE INDEX users_by_username ON users (facet, username_key, id);
CREATE INDEX users_by_email ON users (facet, email_key, id);
CREATE INDEX users_by_joined ON users (facet, date_joined, id);
CREATE INDEX users_by_seen ON users (facet, seen, id);
UPDATE group_members SET facet = facet + 16 WHERE user_id IN (SELECT id FROM users WHERE has_second_factor = 1);
DELETE FROM user_counts;
INSERT INTO user_counts SELECT 0, facet, COUNT(*) FROM users GROUP BY facet;
INSERT INTO user_counts SELECT group_id, facet, COUNT(*) FROM group_members GROUP BY group_id, facet;
CREATE TRIGGER users_recounted
    AFTER UPDATE OF is_active, is_staff, is_superuser, email_verified_at, has_second_factor ON users
    FOR EACH ROW WHEN (OLD.facet <> NEW.facet) EXECUTE FUNCTION users_recounted();
CREATE TRIGGER users_copied AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.facet <> NEW.facet OR OLD.username_key <> NEW.username_key OR OLD.email_key <> NEW.email_key
        OR OLD.date_joined <> NEW.date_joined OR OLD.seen <> NEW.seen)
    EXECUTE FUNCTION users_copied();

CREATE FUNCTION factors_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    account BIGINT := CASE WHEN TG_OP = 'DELETE' THEN OLD.user_id ELSE NEW.user_id END;
    has BIGINT;
BEGIN
    -- Of two factors that change at the same time, the second waits here for the first.
    PERFORM 1 FROM users WHERE id = account FOR NO KEY UPDATE;
    SELECT CASE WHEN EXISTS (
        SELECT 1 FROM factors WHERE user_id = account AND kind <> 'recovery' AND confirmed_at IS NOT NULL
    ) THEN 1 ELSE 0 END INTO has;
    UPDATE users SET has_second_factor = has WHERE id = account AND has_second_factor <> has;
    RETURN NULL;
END $$;
CREATE TRIGGER factors_inserted AFTER INSERT ON factors
    FOR EACH ROW WHEN (NEW.kind <> 'recovery') EXECUTE FUNCTION factors_changed();
CREATE TRIGGER factors_confirmed AFTER UPDATE OF confirmed_at ON factors
    FOR EACH ROW WHEN (NEW.kind <> 'recovery') EXECUTE FUNCTION factors_changed();
CREATE TRIGGER factors_deleted AFTER DELETE ON factors
    FOR EACH ROW WHEN (OLD.kind <> 'recovery') EXECUTE FUNCTION factors_changed();
