-- What keeps the list of users fast with a million of them, in PostgreSQL's words; `sqlite/0005` is the same in SQLite's.

-- Keys are compared as SQLite does, byte by byte: the beginning of a text is then a range of an index, whatever the locale.
ALTER TABLE users
    ALTER COLUMN username_key TYPE TEXT COLLATE "C",
    ALTER COLUMN email_key TYPE TEXT COLLATE "C",
    ALTER COLUMN first_name_key TYPE TEXT COLLATE "C",
    ALTER COLUMN last_name_key TYPE TEXT COLLATE "C";
ALTER TABLE groups ALTER COLUMN name_key TYPE TEXT COLLATE "C";

-- The four yes-or-no facts that the list is filtered by, in one number: each filter is a few of its sixteen values, and so a few
-- ranges of an index, whatever is asked together. "Never seen" comes before every time. What is searched begins a line with each
-- part, so that the beginning of a part can be searched too.
ALTER TABLE users
    ADD COLUMN facet BIGINT NOT NULL GENERATED ALWAYS AS (
        is_active * 8 + is_staff * 4 + is_superuser * 2 + CASE WHEN email_verified_at IS NULL THEN 0 ELSE 1 END
    ) STORED,
    ADD COLUMN seen BIGINT NOT NULL GENERATED ALWAYS AS (COALESCE(last_login, 0)) STORED,
    ADD COLUMN search TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (
        chr(10) || username_key || chr(10) || email_key
        || chr(10) || CASE WHEN first_name_key = '' THEN lower(first_name COLLATE "C") ELSE first_name_key END
        || chr(10) || CASE WHEN last_name_key = '' THEN lower(last_name COLLATE "C") ELSE last_name_key END
    ) STORED;
CREATE INDEX users_by_username ON users (facet, username_key, id);
CREATE INDEX users_by_email ON users (facet, email_key, id);
CREATE INDEX users_by_joined ON users (facet, date_joined, id);
CREATE INDEX users_by_seen ON users (facet, seen, id);

-- The same of a group's members: copies of what its list is filtered and sorted by.
ALTER TABLE group_members
    ADD COLUMN facet BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN username_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN email_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN date_joined BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
UPDATE group_members SET (facet, username_key, email_key, date_joined, seen) =
    (SELECT u.facet, u.username_key, u.email_key, u.date_joined, u.seen FROM users u WHERE u.id = group_members.user_id);
CREATE INDEX group_members_by_username ON group_members (group_id, facet, username_key, user_id);
CREATE INDEX group_members_by_email ON group_members (group_id, facet, email_key, user_id);
CREATE INDEX group_members_by_joined ON group_members (group_id, facet, date_joined, user_id);
CREATE INDEX group_members_by_seen ON group_members (group_id, facet, seen, user_id);

-- How many there are of each kind; group 0 is everybody. Each change adds a row, so that two who sign up at the same time do not wait
-- for each other; the sum is what counts, and the sweep puts the rows together (`admin::users`).
CREATE TABLE user_counts (
    group_id BIGINT NOT NULL,
    facet    BIGINT NOT NULL,
    count    BIGINT NOT NULL
);
INSERT INTO user_counts SELECT 0, facet, COUNT(*) FROM users GROUP BY facet;
INSERT INTO user_counts SELECT group_id, facet, COUNT(*) FROM group_members GROUP BY group_id, facet;

-- Every three characters in a row: pg_trgm comes with PostgreSQL, and whoever may create in the database may add it. Wherever it is
-- already, there it is used.
DO $$
DECLARE home TEXT;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public') THEN
            CREATE EXTENSION pg_trgm WITH SCHEMA public;
        ELSE
            CREATE EXTENSION pg_trgm;
        END IF;
    END IF;
    SELECT nspname INTO home FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
    EXECUTE format('CREATE INDEX users_search ON users USING gin (search %I.gin_trgm_ops)', home);
END $$;

-- The users whose text has all the patterns (one a line), at most so many, always through the index: the planner would read the
-- whole table for a pattern that it believes to be frequent, and be right on average only.
CREATE FUNCTION users_matching(patterns TEXT, most BIGINT) RETURNS SETOF BIGINT
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    conditions TEXT := '';
    pattern TEXT;
BEGIN
    FOREACH pattern IN ARRAY string_to_array(patterns, chr(31)) LOOP
        conditions := conditions || format(' AND search LIKE %L', pattern);
    END LOOP;
    RETURN QUERY EXECUTE 'SELECT id FROM users WHERE true' || conditions || ' LIMIT ' || most;
END $$;

CREATE FUNCTION users_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts SELECT 0, facet, COUNT(*) FROM new_rows GROUP BY facet;
    RETURN NULL;
END $$;
CREATE TRIGGER users_inserted AFTER INSERT ON users
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION users_inserted();

CREATE FUNCTION users_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts SELECT 0, facet, -COUNT(*) FROM old_rows GROUP BY facet;
    RETURN NULL;
END $$;
CREATE TRIGGER users_deleted AFTER DELETE ON users
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION users_deleted();

CREATE FUNCTION users_recounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts VALUES (0, OLD.facet, -1), (0, NEW.facet, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER users_recounted AFTER UPDATE OF is_active, is_staff, is_superuser, email_verified_at ON users
    FOR EACH ROW WHEN (OLD.facet <> NEW.facet) EXECUTE FUNCTION users_recounted();

CREATE FUNCTION users_copied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE group_members SET facet = NEW.facet, username_key = NEW.username_key, email_key = NEW.email_key,
        date_joined = NEW.date_joined, seen = NEW.seen
        WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER users_copied AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.facet <> NEW.facet OR OLD.username_key <> NEW.username_key OR OLD.email_key <> NEW.email_key
        OR OLD.date_joined <> NEW.date_joined OR OLD.seen <> NEW.seen)
    EXECUTE FUNCTION users_copied();

-- Holds the user's row until the membership is there for `users_copied` to see: else a change made meanwhile would be missed.
CREATE FUNCTION group_members_copied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT u.facet, u.username_key, u.email_key, u.date_joined, u.seen
        INTO NEW.facet, NEW.username_key, NEW.email_key, NEW.date_joined, NEW.seen
        FROM users u WHERE u.id = NEW.user_id FOR SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'there is no such user', CONSTRAINT = 'group_members_user';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER group_members_copied BEFORE INSERT ON group_members
    FOR EACH ROW EXECUTE FUNCTION group_members_copied();

CREATE FUNCTION group_members_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts SELECT group_id, facet, COUNT(*) FROM new_rows GROUP BY group_id, facet;
    RETURN NULL;
END $$;
CREATE TRIGGER group_members_inserted AFTER INSERT ON group_members
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION group_members_inserted();

CREATE FUNCTION group_members_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts SELECT group_id, facet, -COUNT(*) FROM old_rows GROUP BY group_id, facet;
    RETURN NULL;
END $$;
CREATE TRIGGER group_members_deleted AFTER DELETE ON group_members
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION group_members_deleted();

CREATE FUNCTION group_members_recounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_counts VALUES (OLD.group_id, OLD.facet, -1), (NEW.group_id, NEW.facet, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER group_members_recounted AFTER UPDATE OF facet ON group_members
    FOR EACH ROW WHEN (OLD.facet <> NEW.facet) EXECUTE FUNCTION group_members_recounted();
