-- events.db: messages and what happened to them.
-- Times of events are milliseconds since 1970, as the journal has them;
-- created_at of messages is in microseconds.

CREATE TABLE messages (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    account    INTEGER NOT NULL,
    domain     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sender     TEXT,
    recipients TEXT, -- JSON array
    subject    TEXT,
    tags       TEXT, -- JSON object
    mode       INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of collection
    account    INTEGER NOT NULL,
    domain     INTEGER NOT NULL,
    message    BLOB, -- NULL in anonymous mode
    type       INTEGER NOT NULL, -- 'c', 'o', 'u' as a character code
    at         INTEGER NOT NULL,
    link       TEXT, -- the destination; NULL on opens
    link_index INTEGER,
    address    BLOB, -- 16 bytes; 8 bytes: keyed hash (pseudonymous); NULL
    agent      TEXT,
    flags      INTEGER NOT NULL, -- WXS_EVENT_* of core/journal.h
    mode       INTEGER NOT NULL,
    verdict    TEXT NOT NULL CHECK (verdict IN
        ('human', 'machine', 'proxy', 'unknown')),
    reason     TEXT NOT NULL
);
CREATE INDEX events_account ON events (account, id);
CREATE INDEX events_domain ON events (domain, id);
CREATE INDEX events_message ON events (message, id) WHERE message IS NOT NULL;

-- How far each journal segment has been read: written in the transaction that
-- stores its events, so that each event is stored exactly once.
CREATE TABLE segments (
    writer   INTEGER NOT NULL, -- the 64-bit writer id, as signed
    segment  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (writer, segment)
) WITHOUT ROWID;

-- The last sequence number seen of each writer, to count what it lost.
CREATE TABLE writers (
    writer   INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL,
    lost     INTEGER NOT NULL DEFAULT 0,
    seen_at  INTEGER NOT NULL
);

-- The key of the day that pseudonymous addresses are hashed with; forgotten
-- with the day, and with it the way back.
CREATE TABLE daily_keys (
    day TEXT PRIMARY KEY, -- YYYY-MM-DD, UTC
    key BLOB NOT NULL CHECK (length(key) = 32)
) WITHOUT ROWID;
