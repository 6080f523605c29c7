-- The time zone in which pages show times to a member whose browser runs no scripts. NULL: UTC. (Types as in 0001.)

ALTER TABLE users ADD COLUMN time_zone TEXT;

INSERT INTO compatible_migrations VALUES (23, 22);
