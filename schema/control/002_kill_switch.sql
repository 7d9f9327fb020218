-- The kill switch: links of a domain or of a message that answer 410. A table
-- link has its own links.killed_at.

ALTER TABLE domains ADD COLUMN killed_at INTEGER;

CREATE TABLE killed_messages (
    message   BLOB PRIMARY KEY CHECK (length(message) = 16),
    domain    INTEGER REFERENCES domains (number), -- NULL = of any domain
    killed_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Changes may be about a message too. A CHECK cannot be altered, so the table
-- is made anew, with its rows and with the number that the next one gets: the
-- lookup table knows by these numbers how far it is.
DROP TRIGGER host_verified;
DROP TRIGGER domain_changed;
DROP TRIGGER secret_changed;
DROP TRIGGER link_added;
DROP TRIGGER link_changed;

CREATE TABLE new_changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL CHECK (kind IN ('host', 'link', 'message')),
    host     TEXT,
    link     INTEGER,
    message  BLOB
);
INSERT INTO new_changes (sequence, kind, host, link)
SELECT sequence, kind, host, link FROM changes ORDER BY sequence;
DELETE FROM sqlite_sequence WHERE name = 'new_changes';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'new_changes', seq FROM sqlite_sequence WHERE name = 'changes';
DROP TABLE changes;
ALTER TABLE new_changes RENAME TO changes;

CREATE TRIGGER host_verified AFTER UPDATE OF verified_at ON tracking_hosts
WHEN new.verified_at IS NOT NULL AND old.verified_at IS NULL
BEGIN
    INSERT INTO changes (kind, host) VALUES ('host', new.host);
END;

CREATE TRIGGER domain_changed
AFTER UPDATE OF open_tracking, click_tracking, tls, deleted_at, killed_at
ON domains
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

CREATE TRIGGER message_killed AFTER INSERT ON killed_messages
BEGIN
    INSERT INTO changes (kind, message) VALUES ('message', new.message);
END;

CREATE TRIGGER killed_message_changed AFTER UPDATE ON killed_messages
BEGIN
    INSERT INTO changes (kind, message) VALUES ('message', new.message);
END;

CREATE TRIGGER message_revived AFTER DELETE ON killed_messages
BEGIN
    INSERT INTO changes (kind, message) VALUES ('message', old.message);
END;
