-- What was told of a coarse bucket by somebody who had counted before.
ALTER TABLE rollups ADD COLUMN past BLOB;
