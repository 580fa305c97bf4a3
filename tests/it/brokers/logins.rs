//! Runs whose queue has an address with a login. Neither the report nor the log ever says the password.

use serde_json::json;

use super::broker::Broker;
use crate::world::{World, charge};

pub(super) struct Visitor {
    world: World,
}

impl Visitor {
    /// A world in which one charge was lost.
    pub(super) async fn new(broker: &Broker) -> Self {
        let world = World::agreeing(3).await;
        world.upstream(&charge("ch_lost", 5, 500));
        let queue = broker.queue(broker.port());
        let (before, after) = queue.split_once(r#"url: ""#).unwrap();
        let (_open, after) = after.split_once('"').unwrap();
        let named = format!(r#"{before}url: "file:queue.url"{after}"#);
        world.edit("tieout.yaml", "sqlite: {path: queue.db, table: tieout_events}", &named);
        Self { world }
    }

    /// Comes with a login that the broker does not take: nothing is sent, and this is what the report says.
    pub(super) fn is_refused(&self, url: &str, secret: &str) -> String {
        self.world.write("queue.url", url);
        let run = self.world.run();
        let domain = run.domain();
        assert_eq!((run.code, &domain["events"]["waiting"]), (7, &json!(1)), "{run:?}");
        assert!(!format!("{run:?}").contains(secret), "{run:?}");
        domain["problems"][0].as_str().unwrap().to_owned()
    }

    /// Comes with a login that the broker takes: what waited is there afterwards.
    pub(super) fn is_let_in(&self, url: &str, secret: &str) {
        self.world.write("queue.url", url);
        let run = self.world.run();
        assert_eq!((run.code, &run.domain()["events"]["waiting"]), (0, &json!(0)), "{run:?}");
        assert!(!format!("{run:?}").contains(secret), "{run:?}");
    }
}
