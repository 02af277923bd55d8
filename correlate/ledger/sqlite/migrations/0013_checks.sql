-- Runs of checks by when they came to their result: those that may wait for their change are read at a start.
CREATE INDEX facts_checks ON facts (event_time) WHERE kind = 'check';
