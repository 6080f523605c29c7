-- Which programs can go on, and start, with a schema that is newer than they are; see src/base/db/ready.rs. (Types as in 0001.)
-- A migration that they can go on with adds its row; for any other, they have to be replaced first.

CREATE TABLE compatible_migrations (
    -- The migration.
    version BIGINT NOT NULL CONSTRAINT compatible_migrations_pk PRIMARY KEY,
    -- The last migration of the oldest program that can use the schema after it.
    since   BIGINT NOT NULL
);
