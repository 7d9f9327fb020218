-- Names and tags that the links of a message have; only links that have any.
CREATE TABLE message_links (
    message    BLOB NOT NULL CHECK (length(message) = 16),
    link_index INTEGER NOT NULL,
    name       TEXT,
    tags       TEXT, -- JSON object
    PRIMARY KEY (message, link_index)
) WITHOUT ROWID;

-- What is kept of a message for a time only.
CREATE INDEX messages_metadata ON messages (created_at)
WHERE sender IS NOT NULL OR recipients IS NOT NULL OR subject IS NOT NULL
    OR tags IS NOT NULL;
