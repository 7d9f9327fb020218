-- Certificates of tracking hosts: those that were issued, and for each host
-- what is being done about its next one.

CREATE TABLE certificates (
    generation  INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    host        TEXT NOT NULL,
    sealed      BLOB NOT NULL, -- a file of core/certificate_file.h, context
                               -- "waxseal-tls-v1|<host>"
    issuer      TEXT NOT NULL,
    not_before  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    issued_at   INTEGER NOT NULL,
    replaced_at INTEGER -- served until then, NULL = is served
);
CREATE INDEX certificates_host ON certificates (host, issued_at);
CREATE INDEX certificates_replaced ON certificates (replaced_at)
    WHERE replaced_at IS NOT NULL;

CREATE TABLE certificate_hosts (
    host          TEXT PRIMARY KEY,
    generation    INTEGER REFERENCES certificates (generation), -- NULL = none
                                                                -- is served
    expires_at    INTEGER, -- its certificates.not_after
    renew_at      INTEGER, -- when it is to be replaced
    state         TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN
        ('waiting', 'queued', 'issuing', 'caa_forbids', 'failing', 'issued',
         'stopped')),
    code          TEXT, -- what it waits for or what failed, NULL = nothing
    message       TEXT, -- the same as a sentence
    next_at       INTEGER, -- when the worker looks at it, NULL = it need not
    retry_at      INTEGER NOT NULL DEFAULT 0, -- no new attempt before
    attempts      INTEGER NOT NULL DEFAULT 0, -- failures in a row
    failing_since INTEGER,
    forced        INTEGER NOT NULL DEFAULT 0 CHECK (forced IN (0, 1))
                  -- somebody asked for a new certificate
) WITHOUT ROWID;
CREATE INDEX certificate_hosts_due ON certificate_hosts (next_at)
    WHERE next_at IS NOT NULL;
CREATE INDEX certificate_hosts_queue ON certificate_hosts (next_at)
    WHERE code = 'limit_orders';
CREATE INDEX certificate_hosts_expiry ON certificate_hosts (expires_at)
    WHERE generation IS NOT NULL;

-- Token buckets of the authority's limits. full_at: when the bucket is full
-- again if nothing is taken any more.
CREATE TABLE certificate_limits (
    bucket  TEXT PRIMARY KEY,
    full_at INTEGER NOT NULL
) WITHOUT ROWID;

-- When a look last found that a CDN of the customer's leads here, NULL = never.
ALTER TABLE tracking_hosts ADD COLUMN cdn_at INTEGER;

-- The worker looks at a host anew whenever its verification changes. While an
-- order runs next_at is NULL, and whatever is set here stays.
CREATE TRIGGER certificate_host_verified AFTER UPDATE OF verified_at
ON tracking_hosts WHEN new.verified_at IS NOT NULL
BEGIN
    INSERT INTO certificate_hosts (host, next_at) VALUES (new.host, 0)
    ON CONFLICT (host) DO UPDATE SET next_at = 0;
END;

CREATE TRIGGER certificate_record_changed AFTER UPDATE OF status ON records
WHEN new.kind = 'tracking' AND new.status <> old.status
BEGIN
    INSERT INTO certificate_hosts (host, next_at)
    SELECT host, 0 FROM tracking_hosts
    WHERE number = new.tracking_host AND verified_at IS NOT NULL
    ON CONFLICT (host) DO UPDATE SET next_at = 0;
END;

CREATE TRIGGER certificate_cdn_changed AFTER UPDATE OF cdn_at
ON tracking_hosts WHEN (new.cdn_at IS NULL) <> (old.cdn_at IS NULL)
BEGIN
    UPDATE certificate_hosts SET next_at = 0 WHERE host = new.host;
END;

CREATE TRIGGER certificate_domain_deleted AFTER UPDATE OF deleted_at ON domains
BEGIN
    UPDATE certificate_hosts SET next_at = 0 WHERE host IN
        (SELECT host FROM tracking_hosts WHERE domain = new.number);
END;

-- The lookup table tells nginx which certificate is served.
CREATE TRIGGER certificate_served AFTER UPDATE OF generation
ON certificate_hosts WHEN new.generation IS NOT old.generation
BEGIN
    INSERT INTO changes (kind, host) VALUES ('host', new.host);
END;

INSERT INTO certificate_hosts (host, next_at)
SELECT DISTINCT host, 0 FROM tracking_hosts WHERE verified_at IS NOT NULL;

-- Looks at how a tracking host answers, which somebody asked for.
CREATE TABLE tracking_checks (
    domain     INTEGER PRIMARY KEY REFERENCES domains (number),
    asked_at   INTEGER NOT NULL,
    started_at INTEGER, -- NULL = waits its turn
    ended_at   INTEGER, -- NULL = is not over
    result     TEXT -- JSON
);
CREATE INDEX tracking_checks_waiting ON tracking_checks (asked_at)
    WHERE ended_at IS NULL;
