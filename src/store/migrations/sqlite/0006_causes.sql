-- Where the change was lost that a finding is about, and what speaks for it or why it is not known.
ALTER TABLE findings ADD COLUMN cause TEXT;     -- never_sent, delivery_failed, not_received, delivered_not_applied, regressed, conflict, unknown
ALTER TABLE findings ADD COLUMN cause_why TEXT;
