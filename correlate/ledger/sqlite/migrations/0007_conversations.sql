-- What a message is about, and whether it counts though a newer one of its subject waits. Messages of earlier releases have
-- no subject: they go in order, each by itself.
ALTER TABLE outbox ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN counts INTEGER NOT NULL DEFAULT 1;
CREATE INDEX outbox_by_subject ON outbox (sink, subject, seq, parked_at, delivered_at) WHERE delivered_at IS NULL;

-- What sinks remember of the last delivered message of a subject.
CREATE TABLE receipts (
    sink        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    receipt     BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (sink, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_by_time ON receipts (received_at);
