-- When the worker disabled the webhook; NULL unless it did.
ALTER TABLE webhooks ADD COLUMN disabled_at INTEGER;
