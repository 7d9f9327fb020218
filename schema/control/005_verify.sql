-- Requests for checks, and checks that are running.

ALTER TABLE domains ADD COLUMN asked_at INTEGER; -- by a user for a check that
                                                 -- is not over, NULL = none
ALTER TABLE domains ADD COLUMN checking_since INTEGER; -- NULL = no check runs

-- since when checks of a verified domain have found out nothing, NULL = they do
ALTER TABLE domains ADD COLUMN unknown_since INTEGER;
