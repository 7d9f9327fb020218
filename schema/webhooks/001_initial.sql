-- webhooks.db: the queue of webhook deliveries and what became of them. The
-- worker alone writes it. Times are microseconds since 1970.

-- What is delivered, byte for byte at every attempt.
CREATE TABLE messages (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE, -- svix-id, "msg_…"
    type       TEXT NOT NULL,
    created_at INTEGER NOT NULL, -- of the event
    payload    TEXT NOT NULL
);
CREATE INDEX messages_created ON messages (created_at);

-- A message for a webhook, by its number in control.db.
CREATE TABLE deliveries (
    webhook INTEGER NOT NULL,
    message INTEGER NOT NULL REFERENCES messages (number),
    status  TEXT NOT NULL CHECK (status IN
        ('pending', 'attempting', 'success', 'failed')),
    attempt INTEGER NOT NULL, -- how many steps of the schedule are done
    due_at  INTEGER, -- of the next attempt, NULL = none
    taken   INTEGER NOT NULL DEFAULT 0 CHECK (taken IN (0, 1)), -- under way
    PRIMARY KEY (webhook, message)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (webhook, due_at, message)
    WHERE due_at IS NOT NULL AND taken = 0;
CREATE INDEX deliveries_taken ON deliveries (webhook) WHERE taken = 1;
CREATE INDEX deliveries_message ON deliveries (message);

CREATE TABLE attempts (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook  INTEGER NOT NULL,
    message  INTEGER NOT NULL,
    http     INTEGER NOT NULL, -- status, 0 = there was no answer
    response TEXT NOT NULL, -- its beginning, or why there was none
    sent_at  INTEGER NOT NULL
);
CREATE INDEX attempts_delivery ON attempts (webhook, message, number);

-- One row for each webhook that ever had a delivery: what the worker picks the
-- next deliveries by.
CREATE TABLE endpoints (
    webhook       INTEGER PRIMARY KEY,
    next_at       INTEGER, -- least due_at of deliveries that are not taken
    in_flight     INTEGER NOT NULL DEFAULT 0, -- deliveries that are taken
    failing_since INTEGER -- first failure since the last success
);
CREATE INDEX endpoints_next ON endpoints (next_at) WHERE next_at IS NOT NULL;

-- How far events.db has been read: changed in the transaction that queues what
-- was read.
CREATE TABLE progress (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    event INTEGER NOT NULL -- id of the last one
);
