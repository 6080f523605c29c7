-- The table of announcements is SQLite's: PostgreSQL has NOTIFY.
SELECT 1;
