//! What delivery costs the state store, counted in statements.

use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};

use super::{run, scripted};
use crate::store::StoreSettings;
use crate::store::tests::{Statements, World};

#[tokio::test]
async fn a_batch_is_claimed_by_one_statement_and_recorded_by_another() {
    World::on_postgres(async |world| {
        let keys: Vec<String> = (0..2_000).map(|number| format!("ch_{number}")).collect();
        world.make_pending(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let statements = Statements::count();
        assert_eq!(run(&world, [scripted("billing", [])]).await.n_sent(), 2_000);
        let sent = statements.sent();
        let count = |word: &str| sent.iter().filter(|one| one.contains(word)).count();
        // Four batches; nothing behind the last of them, and nothing once they are recorded.
        assert_eq!((count("WITH due"), count("WITH events")), (4 + 2, 4), "{sent:#?}");
        let frame = count("BEGIN") + count("COMMIT");
        assert!(sent.len() - frame <= 4 + 2 + 4 + 6, "{sent:#?}");
    })
    .await;
}

#[tokio::test]
async fn no_index_of_findings_or_events_names_what_an_acknowledgement_changes() {
    World::on_postgres(async |world| {
        let StoreSettings::Postgres { url } = &world.settings else { unreachable!() };
        let mut server = PgConnection::connect(url.expose_secret()).await.unwrap();
        let sql = r"SELECT indexdef FROM pg_indexes WHERE schemaname = 'tieout' AND tablename IN ('findings', 'outbox')";
        let indexes: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut server).await.unwrap();
        assert!(indexes.len() >= 13, "{indexes:?}");
        let is_changed = |index: &&String| {
            let words: Vec<&str> =
                index.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
            ["state", "acknowledged_at", "finished_at"].iter().any(|word| words.contains(word))
        };
        assert_eq!(indexes.iter().find(is_changed), None, "each acknowledgement would change all indexes");
    })
    .await;
}
