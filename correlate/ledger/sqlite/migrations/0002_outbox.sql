-- When a message was queued, and when it was set aside because its receiver won't take it.
ALTER TABLE outbox ADD COLUMN queued_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN parked_at INTEGER;
UPDATE outbox SET queued_at = unixepoch() * 1000000;

-- The index holds all that counting them takes: delivered_at too, though it is NULL everywhere in it.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_undelivered ON outbox (sink, parked_at, seq, queued_at, delivered_at) WHERE delivered_at IS NULL;
CREATE INDEX outbox_delivered ON outbox (delivered_at) WHERE delivered_at IS NOT NULL;
