//! Lists that show no more than a number of rows for one query, and definitions that know it.

use crate::api::{Api, Page, Paging};
use crate::http::{Asked, Reply};
use crate::server::Server;
use crate::world::charge;

/// The most rows of one query.
const MOST: usize = 15;

pub(super) fn servers() -> Vec<Server> {
    [rekeyed(), halved()].into_iter().flatten().collect()
}

const LISTED: &str = "\"created[lt]\": \"{to}\"}";
const SORTED: &str = "\"created[lt]\": \"{to}\", sort: id, \"id[gt]\": \"{rekey}\"}";

/// A server whose list is sorted by id, and whose definition begins anew behind the last one.
fn by_id(name: &'static str, does: &'static str) -> Server {
    Server::new(name, does)
        .paged(Paging::Page)
        .edit("provider.yaml", "order: created desc", "order: id asc")
        .edit("provider.yaml", LISTED, SORTED)
        .edit(
            "provider.yaml",
            "lag: 0s}",
            format!("lag: 0s, \"on\": created, cap: {{rows: {MOST}, then: rekey}}}}"),
        )
        .lists(|api, asked| {
            let page = first_of(api, asked, MOST);
            api.deliver(&page)
        })
        .extra(4)
}

/// A server whose definition reads the halves of a window that holds too much.
fn in_halves(name: &'static str, does: &'static str) -> Server {
    Server::new(name, does)
        .edit("provider.yaml", "lag: 0s}", "lag: 0s, cap: {rows: 10, then: halve}}")
        .extra(60)
}

/// The honest page of a query of which only the first rows are shown.
fn first_of(api: &Api, asked: &Asked, most: usize) -> Page {
    let mut page = api.page(asked);
    let number = |name: &str| asked.query(name).map(|text| text.parse::<usize>().unwrap());
    let size = number("limit").unwrap();
    let start = (number("page").unwrap_or(1) - 1) * size;
    let shown = most.saturating_sub(start).min(page.rows.len());
    page.more = page.more && shown == page.rows.len() && start + shown < most;
    page.rows.truncate(shown);
    page
}

/// Whether a page ends behind the last row that the query shows.
fn is_beyond(asked: &Asked) -> bool {
    let number = |name: &str| asked.query(name).unwrap().parse::<usize>().unwrap();
    number("page") * number("limit") > MOST
}

fn rekeyed() -> Vec<Server> {
    vec![
        by_id("a_cap_that_a_new_key_passes", "shows fifteen rows of a query and then none, without a word"),
        by_id(
            "a_cap_that_refuses_what_lies_behind_it",
            "refuses pages behind the fifteenth row of a query with 400",
        )
        .lists(|api, asked| if is_beyond(asked) { Reply::json(400, "{}") } else { api.honest(asked) }),
        by_id("a_cap_that_is_met_exactly", "shows fifteen rows of a query, of which it holds thirty")
            .edit("provider.yaml", "size: 10", "size: 5")
            .arranged(|api, local| {
                let kept = |id: &str| {
                    !["ch_004", "ch_006", "ch_008", "ch_010", "ch_012", "ch_014", "ch_016", "ch_018"]
                        .contains(&id)
                };
                api.items.retain(|item| kept(&item.id()));
                local.retain(|row| kept(row["id"].as_str().unwrap()));
            }),
        by_id(
            "more_rows_of_one_second_than_the_cap",
            "gives twenty rows one and the same second, and shows fifteen rows of a query",
        )
        .arranged(|api, local| crowd(api, local, 20)),
        by_id("a_cap_that_cuts_its_count_off_too", "shows fifteen rows of a query, and counts no more")
            .edit("provider.yaml", "{page: 1,", "{page: 1, total: total,")
            .lists(|api, asked| {
                let mut page = first_of(api, asked, MOST);
                page.total = page.total.min(MOST);
                api.deliver(&page)
            }),
        by_id("a_new_key_that_is_included", "begins with the row that it was told to begin behind")
            .lists(|api, asked| {
                let anew = asked.query("id[gt]").map(|last| asked.with("id[gt]", &before(&last)));
                let page = first_of(api, anew.as_ref().unwrap_or(asked), MOST);
                api.deliver(&page)
            })
            .partial("leads to a request that this walk has sent before"),
        by_id("a_new_key_that_is_ignored", "begins at the front again, whatever it was told to begin behind")
            .lists(|api, asked| {
                let page = first_of(api, &asked.without("id[gt]"), MOST);
                api.deliver(&page)
            })
            .partial("exactly the items of an earlier page"),
        by_id(
            "a_cap_in_a_list_that_is_not_sorted_by_id",
            "sorts by creation, oldest first, where ids were asked for, and shows fifteen rows of a query",
        )
        .lists(|api, asked| {
            let page = oldest_first(api, asked);
            api.deliver(&page)
        })
        .partial("the walk did not show"),
    ]
}

/// The greatest text that is smaller than an id, as far as ids of this test go.
fn before(id: &str) -> String {
    let (last, rest) = id.as_bytes().split_last().unwrap();
    format!("{}{}~", String::from_utf8_lossy(rest), char::from(last - 1))
}

fn oldest_first(api: &Api, asked: &Asked) -> Page {
    let all = api.page(&asked.with("limit", "1000").with("page", "1").with("sort", "created"));
    let mut sorted = all.clone();
    sorted.rows.reverse();
    let number = |name: &str| asked.query(name).unwrap().parse::<usize>().unwrap();
    let (page, size) = (number("page"), number("limit"));
    sorted.rows.truncate(MOST);
    sorted.rows = sorted.rows.into_iter().skip((page - 1) * size).take(size).collect();
    sorted
}

fn halved() -> Vec<Server> {
    let too_many = |asked: &Asked, api: &Api| {
        api.page(&asked.with("limit", "1000").without("starting_after")).rows.len() > 10
    };
    vec![
        in_halves("a_cap_that_halves_pass", "shows ten rows of a query and says that there are no more")
            .lists(|api, asked| {
                let mut page = api.page(&asked.without("starting_after"));
                page.more = false;
                api.deliver(&page)
            }),
        in_halves("a_cap_that_is_counted", "counts all rows of a query, and shows ten of them")
            .edit("provider.yaml", "more: has_more,", "more: has_more, total: total,")
            .edit("provider.yaml", "size: 10", "size: 5"),
        in_halves("a_range_that_is_too_large", "refuses a range of more than ten rows with 400, which a rule calls too large")
            .edit("provider.yaml", "lag: 0s, cap: {rows: 10, then: halve}}", "lag: 0s}")
            .rules("  - {when: {status: 400, body: {name: RESULTSET_TOO_LARGE}}, do: halve}\n")
            .lists(move |api, asked| {
                if too_many(asked, api) {
                    return Reply::json(400, serde_json::json!({ "name": "RESULTSET_TOO_LARGE" }));
                }
                api.honest(asked)
            }),
        in_halves(
            "more_rows_of_one_second_than_halves_can_pass",
            "gives twelve rows one and the same second, and shows ten rows of a query; in the second night the list is read by id",
        )
        .edit("provider.yaml", "lag: 0s,", "lag: 0s, \"on\": created,")
        .arranged(|api, local| crowd(api, local, 12))
        .lists(|api, asked| {
            let mut page = api.page(&asked.without("starting_after"));
            page.more = false;
            api.deliver(&page)
        })
        .cure("provider.yaml", "order: created desc", "order: id asc")
        .cure("provider.yaml", LISTED, SORTED)
        .cure("provider.yaml", "then: halve", "then: rekey")
        .extra(120)
        .proving_the_rest()
        .partial("cannot be split any further"),
    ]
}

/// So many rows more that both sides agree on, all of one second.
fn crowd(api: &mut Api, local: &mut Vec<serde_json::Value>, rows: usize) {
    for at in 0..rows {
        let row = charge(&format!("ch_crowd_{at:02}"), 600, 1);
        api.insert(row.clone());
        local.push(row);
    }
}
