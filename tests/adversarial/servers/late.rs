//! Lists that do not show yet what exists already.

use crate::server::Server;
use crate::world::charge;

pub(super) fn servers() -> Vec<Server> {
    vec![
        Server::new(
            "late_index",
            "shows three rows in the list only a night later, although the look-up finds them at once",
        )
        .arranged(|api, _| hide(api, &["ch_008", "ch_021", "ch_lost_2"]))
        .partial("the walk did not show"),
        Server::new(
            "late_index_within_the_declared_lag",
            "shows a row of the last minutes only a night later, as the feed's `lag` says",
        )
        .edit("provider.yaml", "lag: 0s", "lag: 1h")
        .arranged(|api, _| {
            api.insert(charge("ch_fresh", 20, 5));
            hide(api, &["ch_fresh"]);
        })
        .unjudged(&["ch_fresh"]),
        Server::new(
            "everything_is_late",
            "shows an empty list, although it holds everything and every look-up finds it",
        )
        .arranged(|api, _| api.items.iter_mut().for_each(|item| item.listed = false))
        .held("min_items"),
    ]
}

fn hide(api: &mut crate::api::Api, ids: &[&str]) {
    for item in api.items.iter_mut().filter(|item| ids.contains(&item.id().as_str())) {
        item.listed = false;
    }
}
