-- Which releases wrote this ledger, the newest schema that each gave it, and when it first did: an older release that refuses the
-- ledger says by it which one to start again.
CREATE TABLE releases (
    release TEXT PRIMARY KEY,
    schema  INTEGER NOT NULL,
    since   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
