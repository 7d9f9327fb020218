-- DKIM keys: several a domain, so that they can be rotated and that a second
-- algorithm can be used; keys that their owner made; and records that are CNAMEs
-- into the operator's zone. A CHECK cannot be altered, so the table is made
-- anew, with its rows.

CREATE TABLE new_dkim_keys (
    id             TEXT PRIMARY KEY, -- part of the seal's context
    domain         INTEGER REFERENCES domains (number), -- NULL: of the pool
    selector       TEXT, -- one label, never used twice below a name
    algorithm      TEXT NOT NULL CHECK
        (algorithm = 'ed25519' OR algorithm GLOB 'rsa-[1-9]*'), -- with its bits
    public_key     TEXT NOT NULL, -- base64 of what a record's p= holds: RSA's
                                  -- SubjectPublicKeyInfo, Ed25519's 32 bytes
    sealed         BLOB NOT NULL, -- PKCS#8 DER, context "waxseal-dkim-v1|<id>",
                                  -- sealed or boxed; empty once retired
    imported       INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1)),
    state          TEXT NOT NULL CHECK (state IN
        ('pool', 'pending', 'active', 'retiring', 'retired')),
    created_at     INTEGER NOT NULL,
    taken_at       INTEGER, -- given to the domain
    activated_at   INTEGER, -- seen in DNS, signs from then on
    retiring_since INTEGER  -- no longer signs, its record is still needed
) WITHOUT ROWID;
INSERT INTO new_dkim_keys (id, domain, selector, algorithm, public_key, sealed,
                           state, created_at, taken_at)
SELECT id, domain, selector, algorithm, public_key, sealed, state, created_at,
       CASE WHEN domain IS NOT NULL THEN created_at END
FROM dkim_keys;
DROP TABLE dkim_keys;
ALTER TABLE new_dkim_keys RENAME TO dkim_keys;

CREATE INDEX dkim_keys_pool ON dkim_keys (created_at) WHERE state = 'pool';
CREATE UNIQUE INDEX dkim_keys_domain ON dkim_keys (domain, selector)
    WHERE domain IS NOT NULL;
CREATE INDEX dkim_keys_retiring ON dkim_keys (retiring_since)
    WHERE state = 'retiring';

-- New keys of the domain are published in the operator's zone.
ALTER TABLE domains ADD COLUMN dkim_cname INTEGER NOT NULL DEFAULT 0
    CHECK (dkim_cname IN (0, 1));

-- X25519 public key for secrets that the API receives and only holders of the
-- master key may read.
CREATE TABLE box_key (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32)
);
