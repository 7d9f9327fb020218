-- counts.db: what the events come to. The worker's finalizer alone writes it,
-- events and cursor in one transaction; all of it can be made again from the
-- events that there still are. Times are milliseconds since 1970, hours and days
-- whole ones since 1970 (UTC) of the event's own time.
--
-- Beside the events, messages are counted by their first event: uniques are
-- those whose first event of the type it is, unique_humans those whose first
-- event of the type with verdict human it is. So they may be summed over any
-- span. Anonymous events have no message and are no uniques.

-- Verdicts of all events up to this one are final, and they are counted.
CREATE TABLE cursor (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    event INTEGER NOT NULL
);
INSERT INTO cursor VALUES (1, 0);

CREATE TABLE rollup_hours (
    account       INTEGER NOT NULL,
    domain        INTEGER NOT NULL,
    hour          INTEGER NOT NULL,
    type          INTEGER NOT NULL, -- 'c', 'o', 'u' as a character code
    total         INTEGER NOT NULL,
    human         INTEGER NOT NULL,
    proxy         INTEGER NOT NULL,
    machine       INTEGER NOT NULL, -- the rest of total is unknown
    uniques       INTEGER NOT NULL,
    unique_humans INTEGER NOT NULL,
    PRIMARY KEY (account, domain, hour, type)
) WITHOUT ROWID;

-- Clicks by destination: of a domain and a day the first thousand or so that
-- were met; what comes after them is together under 0.
CREATE TABLE rollup_links (
    account       INTEGER NOT NULL,
    domain        INTEGER NOT NULL,
    day           INTEGER NOT NULL,
    link          INTEGER NOT NULL, -- id in links; 0: all others
    total         INTEGER NOT NULL,
    human         INTEGER NOT NULL,
    proxy         INTEGER NOT NULL,
    machine       INTEGER NOT NULL,
    uniques       INTEGER NOT NULL,
    unique_humans INTEGER NOT NULL,
    PRIMARY KEY (account, domain, day, link)
) WITHOUT ROWID;

-- The destinations; id is a hash of the URL, last_day the last one that
-- it has a row for.
CREATE TABLE links (
    id       INTEGER PRIMARY KEY,
    url      TEXT NOT NULL,
    last_day INTEGER NOT NULL
);
CREATE INDEX links_day ON links (last_day);

-- By the tags of the message: of a domain and a day the first thousand or so
-- that were met; what comes after them is together under an empty name.
CREATE TABLE rollup_tags (
    account       INTEGER NOT NULL,
    domain        INTEGER NOT NULL,
    day           INTEGER NOT NULL,
    name          TEXT NOT NULL,
    value         TEXT NOT NULL,
    type          INTEGER NOT NULL,
    total         INTEGER NOT NULL,
    human         INTEGER NOT NULL,
    proxy         INTEGER NOT NULL,
    machine       INTEGER NOT NULL,
    uniques       INTEGER NOT NULL,
    unique_humans INTEGER NOT NULL,
    PRIMARY KEY (account, domain, day, name, value, type)
) WITHOUT ROWID;

-- Events of a message: in the row of link 0 all of them, in those of its links
-- the clicks. What tells whether an event is its message's first.
CREATE TABLE message_counts (
    message            BLOB NOT NULL,
    link               INTEGER NOT NULL, -- 0: the message; as in links
    account            INTEGER NOT NULL,
    domain             INTEGER NOT NULL,
    first_at           INTEGER NOT NULL,
    last_at            INTEGER NOT NULL,
    opens              INTEGER NOT NULL,
    clicks             INTEGER NOT NULL,
    unsubscribes       INTEGER NOT NULL,
    human_opens        INTEGER NOT NULL,
    human_clicks       INTEGER NOT NULL,
    human_unsubscribes INTEGER NOT NULL,
    PRIMARY KEY (message, link)
) WITHOUT ROWID;
