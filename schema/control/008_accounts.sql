-- Accounts with quotas; the same domain in several accounts, verified in one.

ALTER TABLE accounts ADD COLUMN max_domains INTEGER
    CHECK (max_domains >= 0); -- NULL = no limit
ALTER TABLE accounts ADD COLUMN rate_limit INTEGER
    CHECK (rate_limit >= 1); -- requests a second of all its keys together;
                             -- NULL = api.rate_limit for each key
ALTER TABLE accounts ADD COLUMN deleted_at INTEGER;
CREATE INDEX accounts_created ON accounts (created_at, number);

CREATE INDEX api_keys_account ON api_keys (account, created_at, id);
CREATE INDEX api_keys_domain ON api_keys (domain) WHERE domain IS NOT NULL;

-- Whoever proves it first holds the name; until then anybody may try.
DROP INDEX domains_name;
CREATE UNIQUE INDEX domains_account_name ON domains (account, name)
    WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX domains_holder ON domains (name)
    WHERE deleted_at IS NULL AND state IN ('verified', 'temporary_failure');
DROP INDEX domains_former_name;
CREATE INDEX domains_name ON domains (name); -- of deleted ones too: a name's
                                             -- next DKIM selector

-- A claim of a domain that another account holds: it completes when the key of
-- the claimant's own domain of that name is found in DNS.
CREATE TABLE claims (
    id         TEXT PRIMARY KEY,
    domain     INTEGER NOT NULL UNIQUE REFERENCES domains (number),
    status     TEXT NOT NULL DEFAULT 'pending' CHECK (status IN
        ('pending', 'completed', 'superseded')), -- expired: see expires_at
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
