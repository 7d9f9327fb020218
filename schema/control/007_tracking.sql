-- Links of a domain that lead to the same place share a row of links: this finds
-- it.
CREATE TABLE shared_links (
    domain INTEGER NOT NULL REFERENCES domains (number),
    hash   INTEGER NOT NULL, -- 64 bits of SHA-256 of its url
    link   INTEGER NOT NULL REFERENCES links (id),
    PRIMARY KEY (domain, hash, link)
) WITHOUT ROWID;

-- How a domain's messages are tracked unless they say otherwise. A domain
-- without a row has the defaults.
CREATE TABLE tracking_settings (
    domain      INTEGER PRIMARY KEY REFERENCES domains (number),
    mode        INTEGER NOT NULL DEFAULT 3 CHECK (mode BETWEEN 0 AND 3),
                        -- ceiling: 0 off, 1 anonymous, 2 pseudonymous, 3 full
    metadata    INTEGER NOT NULL DEFAULT 1 CHECK (metadata IN (0, 1)),
    text_links  INTEGER NOT NULL DEFAULT 0 CHECK (text_links IN (0, 1)),
    top_pixel   INTEGER NOT NULL DEFAULT 0 CHECK (top_pixel IN (0, 1)),
    table_links INTEGER NOT NULL DEFAULT 0 CHECK (table_links IN (0, 1)),
    utm         TEXT -- JSON object, NULL = none
);

-- Ceilings of recipients, such as of one who withdrew consent.
CREATE TABLE recipient_modes (
    account    INTEGER NOT NULL REFERENCES accounts (number),
    address    TEXT NOT NULL, -- lower case
    mode       INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 3),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, address)
) WITHOUT ROWID;
