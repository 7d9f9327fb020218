-- How many messages were made trackable, by the hour (whole ones since 1970,
-- UTC): written in the transaction that stores the message.
CREATE TABLE message_hours (
    account  INTEGER NOT NULL,
    domain   INTEGER NOT NULL,
    hour     INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (account, domain, hour)
) WITHOUT ROWID;
INSERT INTO message_hours (account, domain, hour, messages)
SELECT account, domain, created_at / 3600000000, count(*)
FROM messages GROUP BY 1, 2, 3;
