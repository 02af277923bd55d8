-- Deliveries that were kept with a problem, and what came of parsing them again. The delivery itself keeps the problem
-- that it had when it came.
CREATE TABLE quarantine (
    delivery    INTEGER PRIMARY KEY REFERENCES deliveries (seq),
    source      TEXT NOT NULL,
    release     TEXT NOT NULL, -- that last tried to parse it
    due         INTEGER,       -- when to try again all the same
    problem     TEXT NOT NULL, -- as it was last seen
    released_at INTEGER
) STRICT;
INSERT INTO quarantine (delivery, source, release, problem)
    SELECT seq, source, '', problem FROM deliveries WHERE problem <> '';
CREATE INDEX quarantine_held ON quarantine (delivery) WHERE released_at IS NULL;
CREATE INDEX quarantine_by_release ON quarantine (source, release, delivery) WHERE released_at IS NULL;
CREATE INDEX quarantine_by_due ON quarantine (source, due) WHERE released_at IS NULL AND due IS NOT NULL;
