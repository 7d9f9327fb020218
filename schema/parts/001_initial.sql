-- A partition of the events: DIR/events/<first id, 16 hexadecimal digits>.db.
-- Written by the collector alone; gone as a whole when its time is over. Times
-- are milliseconds since 1970.

CREATE TABLE events (
    id         INTEGER PRIMARY KEY, -- in order of collection, over all partitions
    account    INTEGER NOT NULL, -- 0: of a domain that control.db does not know
    domain     INTEGER NOT NULL,
    type       INTEGER NOT NULL, -- 'c', 'o', 'u' as a character code
    at         INTEGER NOT NULL,
    message    BLOB, -- 16 bytes; NULL in anonymous mode
    link       INTEGER, -- of texts: the destination; NULL on opens
    link_index INTEGER,
    address    BLOB, -- 16 bytes; 8 bytes: keyed hash (pseudonymous); NULL
    agent      INTEGER, -- of texts
    flags      INTEGER NOT NULL, -- WXS_EVENT_* of core/journal.h
    mode       INTEGER NOT NULL,
    verdict    INTEGER NOT NULL, -- 0 unknown, 1 human, 2 proxy, 3 machine
    reason     INTEGER NOT NULL, -- of texts
    certainty  INTEGER, -- of the verdict, 0 to 100; NULL: not classified
    device     INTEGER, -- of texts: family of the device; NULL: not known
    client     INTEGER, -- of texts: the mail client; NULL: not told
    country    TEXT -- two letters; NULL: not known
);

-- What many events have in common. A text may be here more than once.
CREATE TABLE texts (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL
);

-- The events as they read best.
CREATE VIEW event_rows AS
SELECT id, account, domain, char(type) AS type, at, message,
    (SELECT text FROM texts WHERE texts.id = link) AS link, link_index,
    address, (SELECT text FROM texts WHERE texts.id = agent) AS agent,
    flags, mode,
    CASE verdict WHEN 1 THEN 'human' WHEN 2 THEN 'proxy' WHEN 3 THEN 'machine'
        ELSE 'unknown' END AS verdict,
    (SELECT text FROM texts WHERE texts.id = reason) AS reason, certainty,
    (SELECT text FROM texts WHERE texts.id = device) AS device,
    (SELECT text FROM texts WHERE texts.id = client) AS client, country
FROM events;

-- Events are indexed in runs of some 10,000 ids, each written at once when it
-- is full: an index that is kept up with each event costs more than the event.
-- What came after the last run is searched as it lies.
CREATE TABLE runs (
    first_id INTEGER PRIMARY KEY,
    last_id  INTEGER NOT NULL
);

-- Which events of a run belong to a domain: their ids less the run's first,
-- ascending, two bytes each, little-endian.
CREATE TABLE domain_events (
    account INTEGER NOT NULL,
    run     INTEGER NOT NULL, -- its first id
    domain  INTEGER NOT NULL,
    ids     BLOB NOT NULL,
    PRIMARY KEY (account, run, domain)
) WITHOUT ROWID;

-- Which events belong to a message: entries in ascending order, 31 bits of a
-- hash of the message id above 32 bits of the event's id less the partition's
-- first, eight bytes each, little-endian; first is the first of them. When the
-- partition is full, all runs are merged into one of number 0.
CREATE TABLE message_events (
    run     INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (run, first)
) WITHOUT ROWID;

-- How far each journal segment has been read: written in the transaction that
-- stores its events, so that each event is stored exactly once. The newest
-- partition is the one that is right.
CREATE TABLE segments (
    writer   INTEGER NOT NULL, -- the 64-bit writer id, as signed
    segment  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (writer, segment)
) WITHOUT ROWID;

-- The last sequence number seen of each writer, to count what it lost; seen_at
-- in microseconds.
CREATE TABLE writers (
    writer   INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL,
    lost     INTEGER NOT NULL DEFAULT 0,
    seen_at  INTEGER NOT NULL
);

-- What the partition holds; filled when it is full.
CREATE TABLE about (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    first_id   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sealed_at  INTEGER, -- NULL: events are still added
    last_id    INTEGER,
    first_at   INTEGER, -- least and greatest time of the events
    last_at    INTEGER
);
