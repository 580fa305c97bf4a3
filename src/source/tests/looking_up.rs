//! Look-ups by key.

use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{PageFault, Seen, Wanted};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::client;
use super::double::{Double, Paging};
use crate::source::{Reason, SourceError, lookup};

fn keys(texts: &[&str]) -> Vec<Wanted> {
    texts.iter().map(|text| Key::checked(text).unwrap().into()).collect()
}

async fn answers(server: &MockServer, key: &str, status: u16, body: &str) {
    Mock::given(path(format!("/charges/{key}")))
        .respond_with(ResponseTemplate::new(status).set_body_string(body))
        .mount(server)
        .await;
}

#[tokio::test]
async fn every_key_comes_back_once_with_what_upstream_holds_or_why_nobody_knows() {
    let server = MockServer::start().await;
    answers(&server, "there", 200, r#"{"id":"there"}"#).await;
    answers(&server, "gone", 404, r#"{"gone":true}"#).await;
    answers(&server, "lost", 404, "<html>no such route</html>").await;
    answers(&server, "html", 200, "<html>log in</html>").await;
    answers(&server, "silent", 200, "[]").await;
    answers(&server, "refused", 400, "").await;
    let asked = keys(&["there", "gone", "lost", "html", "silent", "refused", ".."]);

    // In a task of its own, because that is where a run does it.
    let client = client(&server);
    let found =
        tokio::spawn(
            async move { lookup(&client, &Double::new(Paging::Cursor), &Each::default(), &asked).await },
        );
    let mut found = found.await.unwrap();

    found.confirmed.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(found.confirmed.iter().map(|c| c.key.as_str()).collect::<Vec<_>>(), ["gone", "there"]);
    assert!(matches!(found.confirmed[0].seen, Seen::Gone));
    assert!(
        matches!(&found.confirmed[1].seen, Seen::Item(items, whole) if items.len() == 1 && **whole == *r#"{"id":"there"}"#)
    );

    assert_eq!(found.failed.len(), 5);
    for (key, reason) in &found.failed {
        let expected = match key.as_str() {
            "lost" => matches!(reason, Reason::NotAPage { fault: PageFault::NeitherItemNorGone(404), .. }),
            "html" => matches!(reason, Reason::NotAPage { fault: PageFault::Shape(_), .. }),
            "silent" => matches!(reason, Reason::Unanswered { .. }),
            "refused" => {
                matches!(reason, Reason::Unread { error: SourceError::Refused { status: 400, .. }, .. })
            }
            ".." => matches!(reason, Reason::Unread { error: SourceError::BadLink { .. }, .. }),
            other => panic!("{other}"),
        };
        assert!(expected, "{key}: {reason}");
        assert!(reason.to_string().starts_with("example.charges, look-up by key of example ("), "{reason}");
    }
}

#[tokio::test]
async fn refused_credentials_end_the_look_up_for_all_keys() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let asked: Vec<Wanted> = (0..100).map(|n| Key::checked(&n.to_string()).unwrap().into()).collect();
    let found = lookup(&client(&server), &Double::new(Paging::Cursor), &Each::default(), &asked).await;
    assert_eq!((found.confirmed.len(), found.failed.len()), (0, 100));
    assert!(found.failed.iter().all(|(_, reason)| reason.is_rejected()));
    assert!(server.received_requests().await.unwrap().len() <= 8, "the rest was not sent");
}
