//! What it costs to hold leases: counted in statements, as the driver logs them.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Once;

use tieout_reconcilers::name::Each;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::world::{World, domain};

thread_local! {
    static SENT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// The statements that this thread sends, until it is dropped.
pub(crate) struct Statements(PhantomData<*const ()>);

impl Statements {
    /// Begins to count.
    pub(crate) fn count() -> Self {
        static EVERYWHERE: Once = Once::new();
        // Subscribers that come and go with tests side by side lose events of each other; one that stays loses none.
        EVERYWHERE.call_once(|| tracing::subscriber::set_global_default(Listener).unwrap());
        SENT.set(Some(Vec::new()));
        Self(PhantomData)
    }

    /// All of them, shortened.
    #[expect(clippy::unused_self, reason = "nothing is counted without it")]
    pub(crate) fn sent(self) -> Vec<String> {
        SENT.take().unwrap_or_default()
    }
}

impl Drop for Statements {
    fn drop(&mut self) {
        SENT.set(None);
    }
}

struct Summary;

impl Visit for Summary {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "summary" {
            SENT.with_borrow_mut(|sent| sent.as_mut().map(|sent| sent.push(format!("{value:?}"))));
        }
    }
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Summary);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// How many statements a sign of life takes.
async fn of_a_sign_of_life(world: &World) -> usize {
    let statements = Statements::count();
    world.store.beat(world.lease.run_id()).await.unwrap();
    let sent = statements.sent();
    assert!(sent.iter().any(|one| one.contains("UPDATE leases")), "{sent:?}");
    sent.len()
}

#[tokio::test]
async fn a_sign_of_life_takes_as_many_statements_for_fifty_leases_as_for_one() {
    World::on_postgres(async |world| {
        let for_one = of_a_sign_of_life(&world).await;
        for member in 0..50 {
            let each = Each::stored(&format!("m{member}"));
            world.store.acquire(&domain(), &each, world.lease.run_id(), "first").await.unwrap();
        }
        assert_eq!(of_a_sign_of_life(&world).await, for_one);
        assert!(for_one <= 5, "{for_one}");
        assert_eq!(world.store.beat(world.lease.run_id()).await.unwrap().kept.len(), 51);
    })
    .await;
}
