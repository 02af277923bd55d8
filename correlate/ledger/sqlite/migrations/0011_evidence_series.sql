-- What was measured around a change, kept with verdicts of it: the measurements themselves are forgotten.
CREATE TABLE evidence_series (
    change_id TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    blob      BLOB NOT NULL,
    PRIMARY KEY (change_id, revision)
) STRICT, WITHOUT ROWID;
