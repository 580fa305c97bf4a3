CREATE TABLE charges (
    id TEXT PRIMARY KEY,
    amount_minor INTEGER,
    currency TEXT,
    status TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
)
