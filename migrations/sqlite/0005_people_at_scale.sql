-- What keeps the list of users fast with a million of them, in SQLite's words; `postgres/0005` is the same in PostgreSQL's.

-- The four yes-or-no facts that the list is filtered by, in one number: each filter is a few of its sixteen values, and so a few
-- ranges of an index, whatever is asked together.
ALTER TABLE users ADD COLUMN facet BIGINT NOT NULL GENERATED ALWAYS AS
    (is_active * 8 + is_staff * 4 + is_superuser * 2 + (email_verified_at IS NOT NULL)) VIRTUAL;
-- "Never" comes before every time.
ALTER TABLE users ADD COLUMN seen BIGINT NOT NULL GENERATED ALWAYS AS (COALESCE(last_login, 0)) VIRTUAL;
-- What is searched; each part begins a line, so that the beginning of a part can be searched too.
ALTER TABLE users ADD COLUMN search TEXT NOT NULL GENERATED ALWAYS AS (
    char(10) || username_key || char(10) || email_key
    || char(10) || CASE WHEN first_name_key = '' THEN lower(first_name) ELSE first_name_key END
    || char(10) || CASE WHEN last_name_key = '' THEN lower(last_name) ELSE last_name_key END
) VIRTUAL;
CREATE INDEX users_by_username ON users (facet, username_key, id);
CREATE INDEX users_by_email ON users (facet, email_key, id);
CREATE INDEX users_by_joined ON users (facet, date_joined, id);
CREATE INDEX users_by_seen ON users (facet, seen, id);

-- The same of a group's members: copies of what its list is filtered and sorted by.
ALTER TABLE group_members ADD COLUMN facet BIGINT NOT NULL DEFAULT 0;
ALTER TABLE group_members ADD COLUMN username_key TEXT NOT NULL DEFAULT '';
ALTER TABLE group_members ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
ALTER TABLE group_members ADD COLUMN date_joined BIGINT NOT NULL DEFAULT 0;
ALTER TABLE group_members ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
UPDATE group_members SET (facet, username_key, email_key, date_joined, seen) =
    (SELECT facet, username_key, email_key, date_joined, seen FROM users WHERE users.id = group_members.user_id);
CREATE INDEX group_members_by_username ON group_members (group_id, facet, username_key, user_id);
CREATE INDEX group_members_by_email ON group_members (group_id, facet, email_key, user_id);
CREATE INDEX group_members_by_joined ON group_members (group_id, facet, date_joined, user_id);
CREATE INDEX group_members_by_seen ON group_members (group_id, facet, seen, user_id);

-- How many there are of each kind; group 0 is everybody. To count a million rows takes longer than a page may.
CREATE TABLE user_counts (
    group_id BIGINT NOT NULL,
    facet    BIGINT NOT NULL,
    count    BIGINT NOT NULL,
    CONSTRAINT user_counts_pk PRIMARY KEY (group_id, facet)
);
INSERT INTO user_counts SELECT 0, facet, COUNT(*) FROM users GROUP BY facet;
INSERT INTO user_counts SELECT group_id, facet, COUNT(*) FROM group_members GROUP BY group_id, facet;

-- Every three characters in a row. Which users have them, and not where: the text itself is looked at after that. With the last
-- option nothing of a deleted account stays in the index.
CREATE VIRTUAL TABLE users_search USING fts5 (
    search, content = 'users', content_rowid = 'id', tokenize = 'trigram case_sensitive 1', detail = none, columnsize = 0
);
INSERT INTO users_search (users_search, rank) VALUES ('secure-delete', 1);
INSERT INTO users_search (users_search) VALUES ('rebuild');

CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
    INSERT INTO users_search (rowid, search) VALUES (new.id, new.search);
    INSERT INTO user_counts VALUES (0, new.facet, 1) ON CONFLICT (group_id, facet) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
    INSERT INTO users_search (users_search, rowid, search) VALUES ('delete', old.id, old.search);
    UPDATE user_counts SET count = count - 1 WHERE group_id = 0 AND facet = old.facet;
END;
CREATE TRIGGER users_renamed
    AFTER UPDATE OF username_key, email_key, first_name, last_name, first_name_key, last_name_key ON users
    WHEN old.search <> new.search
BEGIN
    INSERT INTO users_search (users_search, rowid, search) VALUES ('delete', old.id, old.search);
    INSERT INTO users_search (rowid, search) VALUES (new.id, new.search);
END;
CREATE TRIGGER users_recounted
    AFTER UPDATE OF is_active, is_staff, is_superuser, email_verified_at ON users WHEN old.facet <> new.facet
BEGIN
    UPDATE user_counts SET count = count - 1 WHERE group_id = 0 AND facet = old.facet;
    INSERT INTO user_counts VALUES (0, new.facet, 1) ON CONFLICT (group_id, facet) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER users_copied
    AFTER UPDATE OF username_key, email_key, date_joined, last_login, is_active, is_staff, is_superuser, email_verified_at ON users
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
CREATE TRIGGER group_members_deleted AFTER DELETE ON group_members BEGIN
    UPDATE user_counts SET count = count - 1 WHERE group_id = old.group_id AND facet = old.facet;
END;
-- Fired by `users_copied`. The copy of a new row is counted where it is made.
CREATE TRIGGER group_members_recounted
    AFTER UPDATE OF facet ON group_members WHEN old.facet <> new.facet AND old.username_key <> ''
BEGIN
    UPDATE user_counts SET count = count - 1 WHERE group_id = old.group_id AND facet = old.facet;
    INSERT INTO user_counts VALUES (new.group_id, new.facet, 1) ON CONFLICT (group_id, facet) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER groups_deleted AFTER DELETE ON groups BEGIN
    DELETE FROM user_counts WHERE group_id = old.id;
END;
