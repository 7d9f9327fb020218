-- Answers to creating calls with an Idempotency-Key, kept in the transaction of
-- what was created, to be given again when the call is repeated.
CREATE TABLE kept_answers (
    caller      TEXT NOT NULL, -- id of the API key
    name        BLOB NOT NULL, -- SHA-256 of the Idempotency-Key
    fingerprint BLOB NOT NULL, -- SHA-256 of path, account and body
    created_at  INTEGER NOT NULL,
    sealed      BLOB NOT NULL, -- under a key made of the caller's API key, of
                               -- which only the hash is kept
    PRIMARY KEY (caller, name)
) WITHOUT ROWID;
CREATE INDEX kept_answers_age ON kept_answers (created_at);
