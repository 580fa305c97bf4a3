//! No secret is seen where it does not belong: not in what processes said, not in any table or queue.

use crate::canary::CANARY;
use crate::place::EVENTS;
use crate::play::Play;
use crate::sql::Sql;

const TABLES: [&str; 17] = [
    "runs",
    "leases",
    "coverage",
    "slices",
    "findings",
    "finding_history",
    "outbox",
    "outbox_pending",
    "saved_tokens",
    "tokens",
    "kept_pages",
    "by_hand",
    "bookmarks",
    "slice_leases",
    "shared_rates",
    "ended_domains",
    "replays",
];

pub(super) async fn judge(play: &mut Play<'_>) {
    for entry in std::fs::read_dir(play.place.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // These are where the secrets were put.
        if matches!(name.as_str(), "key" | "state.key" | "url") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        if bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()) {
            play.played.wrong.false_(format!("a secret is in {name}"));
        }
    }
    // SQLite's tables were looked through with their file.
    if let state @ Sql::Postgres(_) = &play.place.state {
        let mut tables: Vec<String> = TABLES.map(str::to_owned).to_vec();
        tables.extend(play.place.events.is_some().then(|| EVENTS.to_owned()));
        let count =
            |table: &String| format!("SELECT '{table}' FROM {table} t WHERE t::text LIKE '%{CANARY}%'");
        let sql = tables.iter().map(count).collect::<Vec<_>>().join(" UNION ");
        for table in state.texts(&sql).await {
            play.played.wrong.false_(format!("a secret is in the table {table}"));
        }
    }
}
