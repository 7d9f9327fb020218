-- Where a domain's records are entered, as the last check found it: the zone,
-- and whose name servers it has (an id of conf/dns-providers.txt).

ALTER TABLE domains ADD COLUMN dns_zone TEXT;
ALTER TABLE domains ADD COLUMN dns_provider TEXT;
