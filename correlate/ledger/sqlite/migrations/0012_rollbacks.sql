-- Decisions on whether to ask for a change to be taken back. Those that may still become something else are open.
CREATE TABLE rollbacks (
    id          TEXT NOT NULL PRIMARY KEY,
    change_id   TEXT NOT NULL,
    service     TEXT NOT NULL,
    environment TEXT NOT NULL,
    result      TEXT NOT NULL,
    decided_at  INTEGER NOT NULL,
    open        INTEGER NOT NULL,
    json        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rollbacks_by_time ON rollbacks (decided_at, id);
CREATE INDEX rollbacks_by_change ON rollbacks (change_id, decided_at, id);
CREATE INDEX rollbacks_by_service ON rollbacks (service, decided_at, id);
CREATE INDEX rollbacks_by_environment ON rollbacks (environment, decided_at, id);
CREATE INDEX rollbacks_by_result ON rollbacks (result, decided_at, id);
CREATE INDEX rollbacks_open ON rollbacks (decided_at, id) WHERE open = 1;

-- Every turn of the kill switch; the last one counts.
CREATE TABLE kill_switch (
    seq  INTEGER PRIMARY KEY,
    json TEXT NOT NULL
) STRICT
