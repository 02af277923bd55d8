-- Deliveries are the log: what is kept of a request's headers is JSON. A delivery of an older schema has content_type and
-- event instead, and no header; later ones leave these and problem empty. The bodies are not copied, so that the migration
-- takes neither the time nor the space for them.
ALTER TABLE deliveries ADD COLUMN header TEXT;

-- What is read from each delivery, under the digest of what reads it. One with a problem is in quarantine.
CREATE TABLE projections (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (seq),
    source   TEXT NOT NULL,
    digest   TEXT NOT NULL, -- '': read before digests were kept
    problem  TEXT NOT NULL,
    due      INTEGER        -- when to read it again all the same
) STRICT;
INSERT INTO projections (delivery, source, digest, problem, due)
    SELECT d.seq, d.source, '',
        CASE WHEN q.delivery IS NULL THEN d.problem WHEN q.released_at IS NULL THEN q.problem ELSE '' END, q.due
    FROM deliveries d LEFT JOIN quarantine q ON q.delivery = d.seq;
CREATE INDEX projections_by_digest ON projections (source, digest, delivery);
CREATE INDEX projections_by_due ON projections (source, due) WHERE due IS NOT NULL;
CREATE INDEX projections_held ON projections (delivery) WHERE problem <> '';
DROP TABLE quarantine;

-- A retraction is a row of its own. A fact that its delivery states no longer is withdrawn; when no other delivery states
-- it either, it is retracted.
ALTER TABLE facts ADD COLUMN retracted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX facts_by_delivery ON facts (delivery);
CREATE INDEX facts_by_id ON facts (id, kind);
CREATE TABLE withdrawn (
    fact INTEGER PRIMARY KEY REFERENCES facts (seq)
) STRICT;

-- Where the reader of each stream stands, in the reader's own terms. There is none at the beginning.
CREATE TABLE cursors (
    stream TEXT PRIMARY KEY,
    cursor BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO cursors (stream, cursor) SELECT stream, CAST(CAST(next AS TEXT) AS BLOB) FROM positions WHERE next <> 0;
DROP TABLE positions;
