-- What of a member's data is in the copy that they can take (src/data_export): each view `export_NAME` is a list NAME in it, of the
-- member's rows, in the order of the column after `user_id`. The view of a table stands beside it, in the same migration. Columns are
-- named one by one, never `*`: hashes and other secrets are of no use to the member, but of much to anybody else who gets the file.
-- (Types as in 0001.)

CREATE VIEW export_groups AS
    SELECT group_members.user_id AS user_id, groups.name AS name
    FROM group_members JOIN groups ON groups.id = group_members.group_id;

CREATE VIEW export_permissions AS SELECT user_id, codename FROM user_permissions;

-- Without the staff member's name, which is that person's data.
CREATE VIEW export_changes_by_staff AS
    SELECT object_id AS user_id, at, what, old_value, new_value FROM changes WHERE object_kind = 'user';

-- Where an imported account came from.
CREATE VIEW export_imported_from AS SELECT user_id, source, source_key FROM imported_users;

CREATE VIEW export_sessions AS
    SELECT user_id, created_at, last_seen_at, idle_expires_at, absolute_expires_at, address, agent FROM sessions;

CREATE VIEW export_known_devices AS SELECT user_id, created_at, last_login_at FROM known_devices;

CREATE VIEW export_links_in_mails AS SELECT user_id, created_at, purpose, email, expires_at, used_at FROM tokens;

CREATE VIEW export_mails_to_be_sent AS SELECT user_id, created_at, kind, address, detail, tries, next_try_at FROM mails;

CREATE VIEW export_activity AS SELECT user_id, at, kind, detail, address, agent FROM activity;
