-- Webhooks: who is to be told of which events, with which secrets, and what
-- the worker has still to put into the queue (webhooks.db).

CREATE TABLE webhooks (
    number          INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    id              TEXT NOT NULL UNIQUE,
    account         INTEGER NOT NULL REFERENCES accounts (number),
    endpoint        TEXT NOT NULL, -- URL
    events          TEXT NOT NULL, -- JSON array of types
    status          TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    disabled_reason TEXT, -- NULL unless it was disabled by the worker
    enabled_at      INTEGER NOT NULL, -- last time
    created_at      INTEGER NOT NULL
);
CREATE INDEX webhooks_account ON webhooks (account, created_at, number);

CREATE TABLE webhook_secrets (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook    INTEGER NOT NULL REFERENCES webhooks (number) ON DELETE CASCADE,
    sealed     BLOB NOT NULL, -- 24 bytes, context "waxseal-webhook-v1|<id>"
    expires_at INTEGER -- NULL = the current one; until then it signs, too
);
CREATE INDEX webhook_secrets_webhook ON webhook_secrets (webhook, number);

-- Written in the transaction of the change that it tells of; a row goes once it
-- is in the queue, which knows it by its message.
CREATE TABLE webhook_outbox (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL,
    webhook    INTEGER, -- the one whose event is replayed; NULL: a new event
    message    TEXT NOT NULL, -- svix-id
    type       TEXT, -- of a new event
    created_at INTEGER NOT NULL,
    snapshot   TEXT -- JSON of the domain as it was then
);
