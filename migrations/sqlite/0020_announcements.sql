-- What a transaction has changed of what other processes hold in memory; see
-- src/base/announcements. The newest 1000 stay. No gaps: the ids rise by one.
CREATE TABLE announcements (
    id INTEGER PRIMARY KEY,
    -- The process that made the change.
    instance BIGINT NOT NULL,
    changes TEXT NOT NULL
);
