//! The library, from lists that move to bytes that are no HTTP. To add a server, add it to the file of its kind.

mod moving;
mod late;

mod pages;
mod endless;
mod totals;
mod caps;
mod lost_ways;

mod bodies;
mod wire;
mod json;
mod rows;
mod parts;
mod graphql;

mod origins;
mod credentials;
mod limits;
mod paces;

mod clocks;
mod exports;
mod look_ups;

use crate::server::Server;

/// Every server, in the order of the table.
pub(crate) fn library() -> Vec<Server> {
    [
        moving::servers(),
        late::servers(),
        pages::servers(),
        endless::servers(),
        totals::servers(),
        caps::servers(),
        lost_ways::servers(),
        bodies::servers(),
        wire::servers(),
        json::servers(),
        rows::servers(),
        parts::servers(),
        graphql::servers(),
        origins::servers(),
        credentials::servers(),
        limits::servers(),
        paces::servers(),
        clocks::servers(),
        exports::servers(),
        look_ups::servers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
