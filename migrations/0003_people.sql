-- Who may do what: groups, permissions, and the record of what staff changed. (Types as in 0001.)

-- Counts up with each change by staff, so that of two who edit the same row the second is told.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- Folded as usernames are, to be searched; empty where nobody folded them, and then the database does as well as it can.
ALTER TABLE users ADD COLUMN first_name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN last_name_key TEXT NOT NULL DEFAULT '';
CREATE INDEX users_first_name_key ON users (first_name_key);
CREATE INDEX users_last_name_key ON users (last_name_key);

CREATE TABLE groups (
    id       BIGINT NOT NULL CONSTRAINT groups_pk PRIMARY KEY,
    name     TEXT   NOT NULL,
    -- Folded as usernames are: what makes two names the same name.
    name_key TEXT   NOT NULL
        CONSTRAINT groups_name_unique UNIQUE
        CONSTRAINT groups_name_not_empty CHECK (name_key <> ''),
    version  BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE group_members (
    group_id BIGINT NOT NULL CONSTRAINT group_members_group REFERENCES groups (id) ON DELETE CASCADE,
    user_id  BIGINT NOT NULL CONSTRAINT group_members_user REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT group_members_pk PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user_id ON group_members (user_id, group_id);

-- Permissions are named `app.codename`, as in Django. Names that this program does not know, from another site or a later version,
-- are kept and mean nothing here.
CREATE TABLE group_permissions (
    group_id BIGINT NOT NULL CONSTRAINT group_permissions_group REFERENCES groups (id) ON DELETE CASCADE,
    codename TEXT   NOT NULL,
    CONSTRAINT group_permissions_pk PRIMARY KEY (group_id, codename)
);

CREATE TABLE user_permissions (
    user_id  BIGINT NOT NULL CONSTRAINT user_permissions_user REFERENCES users (id) ON DELETE CASCADE,
    codename TEXT   NOT NULL,
    CONSTRAINT user_permissions_pk PRIMARY KEY (user_id, codename)
);

-- What staff, or the operator, changed; rows are only added. When an account goes, what they say of it goes too.
CREATE TABLE changes (
    id          BIGINT NOT NULL CONSTRAINT changes_pk PRIMARY KEY,
    at          BIGINT NOT NULL,
    -- Empty for the command line.
    actor_id    BIGINT,
    -- As they were called then.
    actor       TEXT   NOT NULL,
    -- `user` or `group`.
    object_kind TEXT   NOT NULL,
    object_id   BIGINT NOT NULL,
    object      TEXT   NOT NULL,
    -- Which verb or field, and what it was before and after; never a secret.
    what        TEXT   NOT NULL,
    old_value   TEXT   NOT NULL,
    new_value   TEXT   NOT NULL
);
CREATE INDEX changes_object ON changes (object_kind, object_id, id);
CREATE INDEX changes_actor ON changes (actor_id, id);

-- The lists of the admin, each in the order of its index, so that a page is as fast in the middle of a million lines as at the start.
CREATE INDEX activity_kind ON activity (kind, id);
CREATE INDEX sessions_created_at ON sessions (created_at, id_hash);
CREATE INDEX mails_user_id ON mails (user_id);
CREATE INDEX mails_tried ON mails (id) WHERE tries > 0;
