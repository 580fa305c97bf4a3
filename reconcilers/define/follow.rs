//! The request behind a link: the link as it was given, and what `keep` adds to it.

use super::paging::Keep;
use super::request::BODY;
use crate::page::{Method, PageRequest, Target};

/// The request for a link that a page gave; `first` is the first request of the walk.
///
/// A link is asked for by `GET`, unless `keep` takes the body along: then it is posted as the first request was.
#[must_use]
pub fn follow(link: String, keep: &Keep, first: PageRequest) -> PageRequest {
    let is_kept = |name: &str| match keep {
        Keep::Usual => false,
        Keep::All => true,
        Keep::Named(names) => names.iter().any(|kept| kept == name),
    };
    let Target::Path { query, .. } = &first.target else {
        return PageRequest { target: Target::Link(link), ..first };
    };
    let kept = query.iter().filter(|(name, _)| is_kept(name));
    let target = Target::Link(with_missing(link, kept));
    if first.body.is_some() && is_kept(BODY) {
        return PageRequest { target, ..first };
    }
    PageRequest { method: Method::Get, body: None, target, ..first }
}

/// The link with the parameters that it lacks.
fn with_missing<'p>(link: String, parameters: impl Iterator<Item = &'p (String, String)>) -> String {
    let (rest, fragment) =
        link.split_once('#').map_or((link.as_str(), None), |(rest, own)| (rest, Some(own)));
    let own = rest.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| url::form_urlencoded::parse(own.as_bytes()).any(|(known, _)| known == name);
    let missing: Vec<&(String, String)> = parameters.filter(|(name, _)| !has(name)).collect();
    if missing.is_empty() {
        return link;
    }
    let mut added = url::form_urlencoded::Serializer::new(String::new());
    added.extend_pairs(missing.iter().map(|(name, value)| (name, value)));
    let join = match (rest.contains('?'), own) {
        (false, _) => "?",
        (true, own) if own.is_empty() || own.ends_with('&') => "",
        (true, _) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{rest}{join}{}{fragment}", added.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Body;

    fn first() -> PageRequest {
        let query = [("limit", "5"), ("fields", "a b")].map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        let body = Body { content_type: "application/json", text: "{}".to_owned() };
        PageRequest {
            method: Method::Post,
            body: Some(body),
            ..PageRequest::get(Target::Path { path: "/x".to_owned(), query })
        }
    }

    fn followed(link: &str, keep: &Keep) -> (Method, String) {
        let request = follow(link.to_owned(), keep, first());
        let Target::Link(link) = request.target else { panic!("not a link") };
        assert_eq!(request.body.is_some(), request.method == Method::Post);
        (request.method, link)
    }

    #[test]
    fn a_link_is_followed_as_it_is_with_what_is_kept_and_lacking() {
        let named = |names: &[&str]| Keep::Named(names.iter().map(|name| (*name).to_owned()).collect());
        for (link, keep, expected) in [
            ("/x?page=2", Keep::Usual, "/x?page=2"),
            ("/x?page=2", named(&[]), "/x?page=2"),
            ("/x?page=2", named(&["limit"]), "/x?page=2&limit=5"),
            ("/x?limit=9&page=2", named(&["limit", "fields"]), "/x?limit=9&page=2&fields=a+b"),
            ("https://a.example/x#top", named(&["limit"]), "https://a.example/x?limit=5#top"),
            ("/x?", named(&["limit"]), "/x?limit=5"),
        ] {
            assert_eq!(followed(link, &keep), (Method::Get, expected.to_owned()), "{link}");
        }
        assert_eq!(followed("/x?p=2", &named(&["body"])), (Method::Post, "/x?p=2".to_owned()));
        assert_eq!(followed("/x?p=2", &Keep::All), (Method::Post, "/x?p=2&limit=5&fields=a+b".to_owned()));
    }
}
