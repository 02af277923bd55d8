-- Every state that the record of a change or an incident had after a commit. Append-only.

-- json is without the verdict, which is the revision of that number. It is the whole record when base is the row's own
-- revision, else the fields in which it differs from the row with that revision; null stands for a field that it lacks.
CREATE TABLE change_history (
    id          TEXT NOT NULL,
    revision    INTEGER NOT NULL, -- from 1, without gaps
    recorded_at INTEGER NOT NULL, -- never goes back in the order of commits
    cause       TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    version     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    phase       TEXT NOT NULL,
    verdict     INTEGER,
    base        INTEGER NOT NULL,
    json        TEXT NOT NULL,
    PRIMARY KEY (id, revision)
) STRICT;
CREATE INDEX change_history_by_time ON change_history (at, id);
CREATE INDEX change_history_by_service ON change_history (service, at, id);

CREATE TABLE incident_history (
    id          TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    cause       TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    opened_at   INTEGER NOT NULL,
    open        INTEGER NOT NULL,
    json        TEXT NOT NULL,
    PRIMARY KEY (id, revision)
) STRICT;
CREATE INDEX incident_history_by_time ON incident_history (opened_at, id);
