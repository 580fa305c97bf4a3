//! One story, told with the state in SQLite and with the state in PostgreSQL.

use crate::postgres::Postgres;
use crate::world::World;

/// Where the state of a world is.
pub(crate) enum State {
    /// In the world's own folder.
    Sqlite,
    /// In a database of its own.
    Postgres(Postgres),
}

impl State {
    /// Changes the state behind tieout's back, as time or another process would.
    pub(crate) async fn sql(&self, world: &World, statement: &str) {
        match self {
            Self::Sqlite => world.state(statement).await,
            Self::Postgres(postgres) => postgres.sql(&format!("SET search_path = tieout; {statement}")).await,
        }
    }
}

/// Tells a story about three charges that agree, once for each state store.
pub(crate) async fn on_both(story: impl AsyncFn(&World, &State)) {
    let world = World::agreeing(3).await;
    story(&world, &State::Sqlite).await;
    let postgres = Postgres::create().await;
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "sqlite:state.db", postgres.url());
    let state = State::Postgres(postgres);
    story(&world, &state).await;
    if let State::Postgres(postgres) = state {
        postgres.drop().await;
    }
}
