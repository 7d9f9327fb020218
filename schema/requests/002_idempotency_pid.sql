-- Which process carries the request out: when it has died, another may.
ALTER TABLE idempotency ADD COLUMN pid INTEGER NOT NULL DEFAULT 0;
