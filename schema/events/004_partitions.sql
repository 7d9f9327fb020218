-- Events live in partitions of their own (schema/parts). What there was before
-- is moved there by the worker at its next start, which then drops these three.
ALTER TABLE events RENAME TO former_events;
ALTER TABLE segments RENAME TO former_segments;
ALTER TABLE writers RENAME TO former_writers;

-- What is to be forgotten of a person: the messages sent to an address, or one
-- message, with all events, counts and webhook deliveries of it. The API adds
-- rows, the worker does it and then clears message and recipient here, too.
-- Times are microseconds.
CREATE TABLE erasures (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE, -- a UUID
    account      INTEGER NOT NULL,
    message      BLOB CHECK (length(message) = 16),
    recipient    TEXT, -- an address as in messages.recipients
    requested_at INTEGER NOT NULL,
    done_at      INTEGER,
    messages     INTEGER, -- how many of each are gone
    events       INTEGER,
    deliveries   INTEGER
);
CREATE INDEX erasures_due ON erasures (number) WHERE done_at IS NULL;
