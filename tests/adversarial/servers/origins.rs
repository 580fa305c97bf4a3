//! Links and redirects that lead elsewhere. Beside each of these servers another one listens, and must never be asked.

use std::fmt::Write as _;

use crate::api::{Api, Paging};
use crate::http::Reply;
use crate::server::Server;

use super::endless::linking;

/// What a link is made from: the API's own port, the other server's port, and the path and query of the next page.
type Link = fn(own: u16, other: u16, rest: &str) -> String;

pub(super) fn servers() -> Vec<Server> {
    let links = LINKS.iter().map(|(name, does, link, says)| {
        Server::new(name, does)
            .paged(Paging::Url)
            .lists(|api, asked| {
                let next = api.page(asked).next_url.unwrap_or_default();
                linking(api, asked, |_, api| made(api, *link, &next))
            })
            .partial(says)
    });
    let redirects = [301, 302, 303, 307, 308].into_iter().zip(REDIRECTS).map(|(status, (name, does))| {
        Server::new(name, does)
            .lists(move |api, asked| {
                let to =
                    format!("{}{}?{}", api.elsewhere, asked.path(), asked.url.query().unwrap_or_default());
                if api.asks == 2 { Reply::says(status, "").with("location", to) } else { api.honest(asked) }
            })
            .partial("a redirect leads from")
    });
    links.chain(redirects).chain(others()).collect()
}

const LEADS: &str = "a link in the page leads from";

const LINKS: [(&str, &str, Link, &str); 16] = [
    (
        "next_link_to_another_port",
        "leads to the same host on another port",
        |_, other, rest| format!("http://127.0.0.1:{other}{rest}"),
        LEADS,
    ),
    (
        "next_link_to_another_host",
        "leads to another name of the same machine",
        |own, _, rest| format!("http://localhost:{own}{rest}"),
        LEADS,
    ),
    (
        "next_link_to_another_scheme",
        "leads to https on the same port",
        |own, _, rest| format!("https://127.0.0.1:{own}{rest}"),
        LEADS,
    ),
    (
        "next_link_with_its_origin_as_user",
        "writes its own address in front of an `@`, and another one behind",
        |own, other, rest| format!("http://127.0.0.1:{own}@127.0.0.1:{other}{rest}"),
        LEADS,
    ),
    (
        "next_link_with_its_host_as_user",
        "writes its own host as the user of another one",
        |_, other, rest| format!("http://127.0.0.1@127.0.0.1:{other}{rest}"),
        LEADS,
    ),
    (
        "next_link_to_a_suffix_host",
        "leads to a host that begins like its own",
        |own, _, rest| format!("http://127.0.0.1.evil.example:{own}{rest}"),
        LEADS,
    ),
    (
        "next_link_to_a_longer_port",
        "leads to a port that begins like its own",
        |own, _, rest| format!("http://127.0.0.1:{}{rest}", own / 10),
        LEADS,
    ),
    (
        "next_link_relative_to_the_protocol",
        "leads to `//` and another address",
        |_, other, rest| format!("//127.0.0.1:{other}{rest}"),
        LEADS,
    ),
    (
        "next_link_with_backslashes",
        "leads to another address with backslashes",
        |_, other, rest| format!("\\\\127.0.0.1:{other}{rest}"),
        LEADS,
    ),
    (
        "next_link_with_tabs_and_lines",
        "breaks the scheme of another address with white space",
        |_, other, rest| format!("ht\ttp:\n//127.0.0.1:{other}{rest}"),
        LEADS,
    ),
    (
        "next_link_in_another_notation",
        "writes another address as one number",
        |_, other, rest| format!("http://2130706433:{other}{rest}"),
        LEADS,
    ),
    ("next_link_to_a_file", "leads to a file", |_, _, _| "file:///etc/passwd".to_owned(), LEADS),
    (
        "next_link_to_data",
        "leads to a page that it holds itself",
        |_, _, _| "data:application/json,{\"data\":[],\"has_more\":false}".to_owned(),
        LEADS,
    ),
    (
        "next_link_to_metadata",
        "leads to the address where clouds keep their credentials",
        |_, _, _| "http://169.254.169.254/latest/meta-data/".to_owned(),
        LEADS,
    ),
    (
        "next_link_with_a_password",
        "leads to its own origin, with a user and a password",
        |own, _, rest| format!("http://user:pass@127.0.0.1:{own}{rest}"),
        "it holds a user or password",
    ),
    (
        "next_link_that_is_none",
        "gives a link that is no address",
        |_, _, _| "http://[::1".to_owned(),
        "it is not a URL",
    ),
];

const REDIRECTS: [(&str, &str); 5] = [
    ("redirect_301_to_another_origin", "redirects the second page to another port, with 301"),
    ("redirect_302_to_another_origin", "redirects the second page to another port, with 302"),
    ("redirect_303_to_another_origin", "redirects the second page to another port, with 303"),
    ("redirect_307_to_another_origin", "redirects the second page to another port, with 307"),
    ("redirect_308_to_another_origin", "redirects the second page to another port, with 308"),
];

fn others() -> Vec<Server> {
    vec![
        Server::new("link_header_to_another_origin", "names a page on another port in its `Link` header")
            .paged(Paging::Link)
            .lists(|api, asked| {
                let page = api.page(asked);
                let there = format!("<{}/v1/charges?cursor=x>; rel=\"next\"", api.elsewhere);
                api.delivered.extend(page.rows.iter().cloned());
                Reply::json(200, page.body()).with("link", there)
            })
            .partial(LEADS),
        Server::new(
            "link_header_with_many_links",
            "writes many links into one header, with the next one among them",
        )
        .paged(Paging::Link)
        .lists(|api, asked| {
            let page = api.page(asked);
            api.delivered.extend(page.rows.iter().cloned());
            let elsewhere = &api.elsewhere;
            let mut links = format!(
                "<{elsewhere}/a,b;c>; title=\"rel=next, <x>\"; rel=prev, <{elsewhere}/>; rel=\"first\""
            );
            if let Some(next) = &page.next_url {
                let _ = write!(links, ", <{next}>; rel=\"last next\"");
            }
            Reply::json(200, page.body()).with("link", links)
        }),
        Server::new("relative_links", "gives links without an origin").paged(Paging::Url).lists(
            |api, asked| {
                let next = api.page(asked).next_url.unwrap_or_default();
                linking(api, asked, |_, api| next.replace(&api.origin, ""))
            },
        ),
        Server::new("a_redirect_that_stays", "redirects every page to another path of its own")
            .lists(|api, asked| {
                if asked.path() == "/v1/charges" {
                    let moved = format!("/v2/charges?{}", asked.url.query().unwrap_or_default());
                    return Reply::says(307, "").with("location", moved);
                }
                api.honest(asked)
            })
            .extra(20),
        Server::new(
            "a_redirect_to_nowhere",
            "answers the second page with a redirect that does not say where to",
        )
        .lists(|api, asked| if api.asks == 2 { Reply::says(302, "") } else { api.honest(asked) })
        .partial("refuses the request (status 302)"),
        Server::new("redirected_look_ups", "redirects look-ups to another port")
            .looks_up(|api, asked| {
                Reply::says(302, "").with("location", format!("{}{}", api.elsewhere, asked.path()))
            })
            .unconfirmed()
            .partial("a redirect leads from"),
    ]
}

fn made(api: &Api, link: Link, next: &str) -> String {
    let port = |origin: &str| origin.rsplit(':').next().unwrap().parse().unwrap();
    link(port(&api.origin), port(&api.elsewhere), next.strip_prefix(&api.origin).unwrap_or_default())
}
