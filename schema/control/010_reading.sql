-- The keys of a domain in the order in which they are shown, so that nothing
-- has to be sorted each time one is asked for.
CREATE INDEX dkim_keys_shown ON dkim_keys (domain, taken_at, selector)
    WHERE state <> 'retired';
