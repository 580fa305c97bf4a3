//! Pages whose rows are only a part of their items.

use tieout_reconcilers::compare::{KEY, VERSION};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging};
use super::{client, walk};
use crate::source::{Coverage, Reason, WalkedPage};

async fn answers(server: &MockServer, at: &str, status: u16, body: &str) {
    let answer = ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json");
    Mock::given(path(at)).respond_with(answer).expect(0..=1).mount(server).await;
}

/// Each item of a page with its version.
fn items(page: &WalkedPage) -> Vec<(Option<&str>, Option<&str>)> {
    page.items.iter().map(|item| (item.slot(KEY), item.slot(VERSION))).collect()
}

#[tokio::test]
async fn partial_rows_are_looked_up_and_what_nobody_can_read_is_only_a_key() {
    let server = MockServer::start().await;
    let rows = r#"{"data":[
        {"id":"a","version":1},{"id":"b","version":"thin"},{"id":"c","version":"thin"},
        {"id":"d","version":"thin"},{"id":"b","version":"thin"},{"version":"thin"},{"id":"e","version":5}
    ],"total":7}"#;
    answers(&server, "/charges", 200, rows).await;
    answers(&server, "/charges/b", 200, r#"{"id":"b","version":2}"#).await;
    answers(&server, "/charges/c", 404, r#"{"gone":true}"#).await;
    answers(&server, "/charges/d", 404, "<html>no such route</html>").await;

    let (pages, coverage) = walk(client(&server), Double::new(Paging::Cursor)).await;
    assert_eq!(coverage, Coverage::Complete, "a row that is looked up was seen all the same");
    assert_eq!(
        items(&pages[0]),
        [
            (Some("\"a\""), Some("1")),
            (Some("\"b\""), Some("2")),
            (Some("\"d\""), None),
            (Some("\"b\""), Some("2")),
            (None, None),
            (Some("\"e\""), Some("5")),
        ]
    );
    assert_eq!(pages[0].gone.iter().map(ToString::to_string).collect::<Vec<_>>(), ["c"]);
}

#[tokio::test]
async fn refused_credentials_of_a_look_up_end_the_walk() {
    let server = MockServer::start().await;
    answers(&server, "/charges", 200, r#"{"data":[{"id":"b","version":"thin"}]}"#).await;
    answers(&server, "/charges/b", 403, "{}").await;
    let (pages, coverage) = walk(client(&server), Double::new(Paging::Cursor)).await;
    assert!(pages.is_empty());
    let Coverage::Partial(reasons) = coverage else { panic!("the walk is complete") };
    assert!(reasons.iter().any(Reason::is_rejected), "{reasons:?}");
}
