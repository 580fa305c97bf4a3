//! Which commits wait for the disk.

use super::on_both_stores;
use super::world::World;
use crate::store::StoreSettings;
use crate::store::sql::{Tx, args};

on_both_stores!(only_what_merely_saves_work_does_not_wait_for_the_disk);

async fn waits(world: &World, mut tx: Tx) -> bool {
    let is_sqlite = matches!(world.settings, StoreSettings::Sqlite { .. });
    let asked = if is_sqlite { "PRAGMA synchronous" } else { "SHOW synchronous_commit" };
    let row = tx.row(asked, &args![]).await.unwrap().unwrap();
    if is_sqlite {
        row.int("synchronous").unwrap() == 2
    } else {
        row.text("synchronous_commit").unwrap() == "on"
    }
}

async fn only_what_merely_saves_work_does_not_wait_for_the_disk(world: World) {
    assert!(!waits(&world, world.store.write_lazily("test").await.unwrap()).await);
    assert!(waits(&world, world.store.write("test").await.unwrap()).await);
}
