//! What leases cost a run: counted in the statements that change one.

use std::time::{Duration, Instant};

use tieout_reconcilers::reconciler::Feed;

use super::double::Double;
use super::world::{World, at, item};
use crate::report::Status;
use crate::store::tests::{Statements, with_postgres};
use crate::store::{SIGN_OF_LIFE, Store};

#[tokio::test]
async fn a_lease_is_written_by_the_second_and_not_by_the_item() {
    with_postgres(async |url: String| {
        let world = World::new().await.with_store(Store::open(&url.parse().unwrap()).await.unwrap());
        let all: Vec<_> = (0..1_000).map(|n| item(&format!("i{n:04}"), n / 10)).collect();
        let (lost, known): (Vec<_>, Vec<_>) = all.into_iter().partition(|item| item.id.ends_with('7'));
        world.upstream(&lost);
        world.both(&known).await;
        let double = Double::new(at(0));
        let feed = Feed { span: Duration::from_secs(1), ..double.feed };
        let statements = Statements::count();
        let began = Instant::now();
        let report = Box::pin(world.run(Double { feed, ..double })).await;
        let took = began.elapsed();
        assert_eq!((report.status, report.items.missing), (Status::Done, 100));
        let sent = statements.sent();
        let writes = |one: &&String| one.contains("INTO leases") || one.contains("UPDATE leases");
        let written = sent.iter().filter(writes).count();
        eprintln!("{} statements in {took:?}, {written} of them write a lease", sent.len());
        // It is made, taken and given back, and renewed with each sign of life.
        let signs = usize::try_from(took.as_secs() / SIGN_OF_LIFE.as_secs()).unwrap();
        assert!(written >= 3 && written <= 3 + signs, "{written} in {took:?}: {sent:?}");
        world.store.close().await;
    })
    .await;
}
