-- Times are microseconds since 1970-01-01 UTC. One statement ends with a semicolon at the end of a line.

-- applied_seq, last_alive
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What senders handed over, as it came. Append-only.
CREATE TABLE deliveries (
    seq          INTEGER PRIMARY KEY,
    source       TEXT NOT NULL,
    delivery_id  TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    event        TEXT NOT NULL,
    raw          BLOB NOT NULL,
    problem      TEXT NOT NULL,
    UNIQUE (source, delivery_id)
) STRICT;

-- What was read from them. Append-only; seq is commit order.
CREATE TABLE facts (
    seq        INTEGER PRIMARY KEY,
    delivery   INTEGER NOT NULL REFERENCES deliveries (seq),
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    json       TEXT NOT NULL
) STRICT;

-- The current record of each change, without its verdict.
CREATE TABLE changes (
    id          TEXT PRIMARY KEY,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    version     TEXT NOT NULL,
    at          INTEGER NOT NULL, -- completion; start while unfinished
    touched     INTEGER NOT NULL, -- the newest time in the record
    open        INTEGER NOT NULL, -- under observation or unfinished
    phase       TEXT NOT NULL,
    revision    INTEGER,          -- of the newest verdict
    verdict     TEXT,             -- its outcome
    json        TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_time ON changes (at, id);
CREATE INDEX changes_by_service ON changes (service, at, id);
CREATE INDEX changes_by_verdict ON changes (verdict, at, id);
CREATE INDEX changes_by_touch ON changes (touched);
CREATE INDEX changes_open ON changes (id) WHERE open = 1;

-- Every revision of every verdict. Append-only.
CREATE TABLE verdicts (
    change_id  TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    outcome    TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    json       TEXT NOT NULL,
    PRIMARY KEY (change_id, revision)
) STRICT;

CREATE TABLE incidents (
    id          TEXT PRIMARY KEY,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    opened_at   INTEGER NOT NULL,
    touched     INTEGER NOT NULL,
    open        INTEGER NOT NULL,
    json        TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_by_time ON incidents (opened_at, id);
CREATE INDEX incidents_by_service ON incidents (service, opened_at, id);
CREATE INDEX incidents_by_touch ON incidents (touched);
CREATE INDEX incidents_open ON incidents (opened_at, id) WHERE open = 1;

CREATE TABLE regressions (
    id          TEXT PRIMARY KEY,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    onset_at    INTEGER NOT NULL,
    touched     INTEGER NOT NULL,
    json        TEXT NOT NULL
) STRICT;
CREATE INDEX regressions_by_time ON regressions (onset_at, id);
CREATE INDEX regressions_by_service ON regressions (service, onset_at, id);
CREATE INDEX regressions_by_touch ON regressions (touched);

CREATE TABLE suspects (
    change_id     TEXT NOT NULL,
    regression_id TEXT NOT NULL REFERENCES regressions (id),
    PRIMARY KEY (change_id, regression_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX suspects_by_regression ON suspects (regression_id);

-- Stretches in which telemetry was silent.
CREATE TABLE idle (
    from_at INTEGER PRIMARY KEY,
    json    TEXT NOT NULL
) STRICT;

-- What the reducer counted, second by second, and the coarse buckets made of it.
CREATE TABLE checkpoints (
    seq  INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    blob BLOB NOT NULL
) STRICT;
CREATE INDEX checkpoints_by_time ON checkpoints (at);
CREATE TABLE rollups (
    start INTEGER PRIMARY KEY, -- seconds
    blob  BLOB NOT NULL
) STRICT;

-- Messages to sinks. A delivered one keeps its key, so that it is never queued again, and gives up its payload.
CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY,
    sink         TEXT NOT NULL,
    key          TEXT NOT NULL,
    payload      BLOB NOT NULL,
    delivered_at INTEGER,
    UNIQUE (sink, key)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (sink, seq) WHERE delivered_at IS NULL;

-- How far each stream has been read.
CREATE TABLE positions (
    stream TEXT PRIMARY KEY,
    next   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
