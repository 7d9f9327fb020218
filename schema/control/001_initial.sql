-- control.db: accounts, keys, domains and their records.
-- Times are microseconds since 1970 (UTC). Public ids are lower-case UUIDs.

CREATE TABLE instance (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    selector TEXT NOT NULL -- prefix of DKIM selectors, "wx" and 4 hex digits
);

CREATE TABLE accounts (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE domains (
    number          INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    id              TEXT NOT NULL UNIQUE,
    account         INTEGER NOT NULL REFERENCES accounts (number),
    name            TEXT NOT NULL, -- A-labels, lower case
    region          TEXT NOT NULL,
    return_path     TEXT NOT NULL, -- label
    open_tracking   INTEGER NOT NULL CHECK (open_tracking IN (0, 1)),
    click_tracking  INTEGER NOT NULL CHECK (click_tracking IN (0, 1)),
    tls             TEXT NOT NULL CHECK (tls IN ('opportunistic', 'enforced')),
    state           TEXT NOT NULL CHECK (state IN
        ('not_started', 'pending', 'verified', 'failed', 'temporary_failure')),
    state_since     INTEGER NOT NULL,
    definite_since  INTEGER, -- pending: first definite answer; verified: first
                             -- definite miss, not yet confirmed;
                             -- temporary_failure: last check, if a miss
    missing_ms      INTEGER NOT NULL DEFAULT 0, -- definite misses, summed up
    checked_at      INTEGER, -- end of the last check
    next_check_at   INTEGER, -- NULL = never
    checks          INTEGER NOT NULL DEFAULT 0, -- since the state began
    created_at      INTEGER NOT NULL,
    deleted_at      INTEGER
);
CREATE UNIQUE INDEX domains_name ON domains (name) WHERE deleted_at IS NULL;
CREATE INDEX domains_former_name ON domains (name)
    WHERE deleted_at IS NOT NULL;
CREATE INDEX domains_account ON domains (account, created_at, number);
CREATE INDEX domains_due ON domains (next_check_at)
    WHERE next_check_at IS NOT NULL;

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES accounts (number),
    name         TEXT NOT NULL,
    permission   TEXT NOT NULL CHECK (permission IN
        ('full_access', 'sending_access')),
    domain       INTEGER REFERENCES domains (number), -- limits a sending key
    hash         BLOB NOT NULL UNIQUE, -- SHA-256 of the key
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) WITHOUT ROWID;

-- Every tracking host a domain ever had: links on them must live on. The newest
-- is the one for new messages; a former host that comes back gets a new number.
CREATE TABLE tracking_hosts (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    domain      INTEGER NOT NULL REFERENCES domains (number),
    label       TEXT NOT NULL,
    host        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    verified_at INTEGER, -- first time; from then on it is served for ever
    UNIQUE (domain, label)
);
CREATE INDEX tracking_hosts_host ON tracking_hosts (host);

-- The DNS records a domain asks for, and what the last check said of each.
CREATE TABLE records (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    domain        INTEGER NOT NULL REFERENCES domains (number),
    kind          TEXT NOT NULL CHECK (kind IN
        ('dkim', 'spf', 'mx', 'dmarc', 'tracking')),
    fqdn          TEXT NOT NULL,
    type          TEXT NOT NULL CHECK (type IN ('TXT', 'MX', 'CNAME')),
    value         TEXT NOT NULL,
    priority      INTEGER, -- MX only
    tracking_host INTEGER REFERENCES tracking_hosts (number)
        ON UPDATE CASCADE,
    status        TEXT NOT NULL DEFAULT 'not_started' CHECK (status IN
        ('not_started', 'pending', 'verified', 'failed', 'temporary_failure')),
    detail        TEXT -- status_detail of the API as JSON, NULL before a check
);
CREATE INDEX records_domain ON records (domain, number);

CREATE TABLE history (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    domain     INTEGER NOT NULL REFERENCES domains (number),
    at         INTEGER NOT NULL,
    from_state TEXT, -- NULL when the domain was created
    to_state   TEXT NOT NULL,
    cause      TEXT NOT NULL, -- created, verify, retry, check, window, deleted
    evidence   TEXT -- JSON: per record its code and message
);
CREATE INDEX history_domain ON history (domain, number);

-- domain NULL: a key of the pool, ready to be taken
CREATE TABLE dkim_keys (
    id         TEXT PRIMARY KEY, -- part of the seal's context
    domain     INTEGER REFERENCES domains (number),
    selector   TEXT,
    algorithm  TEXT NOT NULL CHECK (algorithm IN ('rsa-2048')),
    public_key TEXT NOT NULL, -- base64 of the SubjectPublicKeyInfo
    sealed     BLOB NOT NULL, -- PKCS#8 DER, context "waxseal-dkim-v1|<id>"
    state      TEXT NOT NULL CHECK (state IN
        ('pool', 'pending', 'active', 'retiring', 'retired')),
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX dkim_keys_pool ON dkim_keys (created_at) WHERE state = 'pool';
CREATE INDEX dkim_keys_domain ON dkim_keys (domain) WHERE domain IS NOT NULL;

CREATE TABLE link_secrets (
    domain      INTEGER PRIMARY KEY REFERENCES domains (number),
    sealed      BLOB NOT NULL, -- 32 bytes, context "waxseal-link-v1|<number>"
    current_key INTEGER NOT NULL DEFAULT 0 CHECK (current_key BETWEEN 0 AND 255),
    valid_keys  BLOB NOT NULL CHECK (length(valid_keys) = 32)
);

-- Table links: short, the destination lives here and in the lookup table.
CREATE TABLE links (
    id         INTEGER PRIMARY KEY, -- 48 random bits
    domain     INTEGER NOT NULL REFERENCES domains (number),
    url        TEXT NOT NULL,
    killed_at  INTEGER,
    created_at INTEGER NOT NULL
);

-- What the lookup table has still to learn, in order. The triggers below see
-- to it that no writer can forget one.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL CHECK (kind IN ('host', 'link')),
    host     TEXT,
    link     INTEGER
);

CREATE TRIGGER host_verified AFTER UPDATE OF verified_at ON tracking_hosts
WHEN new.verified_at IS NOT NULL AND old.verified_at IS NULL
BEGIN
    INSERT INTO changes (kind, host) VALUES ('host', new.host);
END;

CREATE TRIGGER domain_changed
AFTER UPDATE OF open_tracking, click_tracking, tls, deleted_at ON domains
BEGIN
    INSERT INTO changes (kind, host)
    SELECT 'host', host FROM tracking_hosts
    WHERE domain = new.number AND verified_at IS NOT NULL;
END;

CREATE TRIGGER secret_changed AFTER UPDATE ON link_secrets
BEGIN
    INSERT INTO changes (kind, host)
    SELECT 'host', host FROM tracking_hosts
    WHERE domain = new.domain AND verified_at IS NOT NULL;
END;

CREATE TRIGGER link_added AFTER INSERT ON links
BEGIN
    INSERT INTO changes (kind, link) VALUES ('link', new.id);
END;

CREATE TRIGGER link_changed AFTER UPDATE ON links
BEGIN
    INSERT INTO changes (kind, link) VALUES ('link', new.id);
END;
