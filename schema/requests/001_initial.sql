-- requests.db: what the API was asked. Nothing else depends on it: it may be
-- lost. Times are microseconds since 1970.

CREATE TABLE log (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE, -- of the request, as in X-Request-Id
    account       INTEGER NOT NULL,
    key_id        TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    method        TEXT NOT NULL,
    endpoint      TEXT NOT NULL,
    status        INTEGER NOT NULL,
    user_agent    TEXT,
    request_body  TEXT, -- JSON without secrets; NULL if there is none or it is
                        -- long
    response_body TEXT
);
CREATE INDEX log_account ON log (account, number);
CREATE INDEX log_age ON log (created_at);

-- Answers to creating calls with an Idempotency-Key, to give them again.
CREATE TABLE idempotency (
    caller      TEXT NOT NULL, -- id of the API key
    name        BLOB NOT NULL, -- SHA-256 of the Idempotency-Key
    fingerprint BLOB NOT NULL, -- SHA-256 of method, path and body
    started_at  INTEGER NOT NULL,
    sealed      BLOB, -- the answer, under a key made of the caller's API key,
                      -- of which only the hash is kept; NULL while it runs
    PRIMARY KEY (caller, name)
) WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (started_at);
