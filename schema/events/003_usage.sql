-- Messages of an account by time, to count them.
CREATE INDEX messages_account ON messages (account, created_at);
