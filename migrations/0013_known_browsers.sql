-- Known browsers can be seen and forgotten by their owners, and are known by another value after each login. (Types as in 0001.)

-- Stays when the value changes: rate limits and the page that forgets a browser name it. Unique for an account.
ALTER TABLE known_devices ADD COLUMN id BIGINT NOT NULL DEFAULT 0;
UPDATE known_devices SET id = (
    SELECT COUNT(*) FROM known_devices AS earlier
    WHERE earlier.user_id = known_devices.user_id AND earlier.token_hash < known_devices.token_hash
);
-- The User-Agent of the last login. Before this column it was not stored.
ALTER TABLE known_devices ADD COLUMN agent TEXT NOT NULL DEFAULT '';
-- The value before the present one, and when it was replaced: a login may be sent twice, or its answer get lost.
ALTER TABLE known_devices ADD COLUMN previous_hash BYTEA;
ALTER TABLE known_devices ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX known_devices_previous_hash ON known_devices (previous_hash);
CREATE INDEX known_devices_last_login_at ON known_devices (last_login_at);

DROP VIEW export_known_devices;
CREATE VIEW export_known_devices AS SELECT user_id, created_at, last_login_at, agent FROM known_devices;
