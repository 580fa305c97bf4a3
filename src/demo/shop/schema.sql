-- Instants are UTC text such as 2026-11-21T00:00:00Z, so they sort as they follow each other.
-- updated_at of charges and refunds is when the shop wrote the row.
CREATE TABLE charges (
    id           TEXT PRIMARY KEY,
    amount_minor INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('PAID', 'FAILED', 'PENDING')),
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL
);
CREATE INDEX charges_created_at ON charges (created_at);

CREATE TABLE refunds (
    id           TEXT PRIMARY KEY,
    charge_id    TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('PAID', 'FAILED', 'PENDING')),
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL
);
CREATE INDEX refunds_created_at ON refunds (created_at);

-- updated_at of customers is the provider's own change time, as the last webhook carried it.
CREATE TABLE customers (
    id         TEXT PRIMARY KEY,
    email      TEXT NOT NULL,
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX customers_updated_at ON customers (updated_at);

-- The ids of the queue's events that were applied: what makes a repeated event harmless.
CREATE TABLE inbox (
    event_id   TEXT PRIMARY KEY,
    applied_at TEXT NOT NULL
);

-- Every webhook that reached the shop, and what came of it: what the funnel of a domain counts.
CREATE TABLE webhooks (
    object      TEXT NOT NULL,
    received_at TEXT NOT NULL,
    handled_at  TEXT,
    failed_at   TEXT
);
CREATE INDEX webhooks_received_at ON webhooks (object, received_at);
