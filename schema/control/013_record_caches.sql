-- What resolvers may have in their caches in a record's place.

-- seconds for which they keep what the last check found instead of the record,
-- NULL = it found the record, or nothing is known
ALTER TABLE records ADD COLUMN other_ttl INTEGER;

-- until when some may have something else than the record, NULL = not known
ALTER TABLE records ADD COLUMN cached_until INTEGER;
