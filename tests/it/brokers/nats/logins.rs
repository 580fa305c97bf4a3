//! Logins at a NATS of the test's own: users with passwords, and a token.

use crate::brokers::broker::Broker;
use crate::brokers::logins::Visitor;
use crate::brokers::server::Kind;

#[tokio::test]
async fn a_password_that_nats_does_not_know_is_refused_and_the_right_one_delivers() {
    let mut broker = Broker::own(Kind::Nats).await;
    let visitor = Visitor::new(&broker).await;
    let at = format!("127.0.0.1:{}", broker.port());
    let said = visitor.is_refused(&format!("nats://sender:wr0ng@{at}"), "wr0ng");
    assert!(said.contains("refuses: authorization violation"), "{said}");
    assert_eq!(broker.received().await, Vec::<String>::new());
    // What means something in an address stands in it as `%3A` and `%40`.
    visitor.is_let_in(&format!("nats://sender:s3%3Acr%40t@{at}"), "s3:cr@t");
    assert_eq!(broker.received().await.len(), 1);
}

#[tokio::test]
async fn a_token_that_nats_does_not_know_is_refused_and_the_right_one_delivers() {
    let mut broker = Broker::own(Kind::Nats).await;
    let visitor = Visitor::new(&broker).await;
    broker.demands_logins().await;
    let at = format!("127.0.0.1:{}", broker.port());
    for (url, secret) in [(format!("nats://{at}"), "s3cr@t"), (format!("nats://wr0ng@{at}"), "wr0ng")] {
        let said = visitor.is_refused(&url, secret);
        assert!(said.contains("refuses: authorization violation"), "{said}");
    }
    visitor.is_let_in(&format!("nats://s3cr%40t@{at}"), "s3cr@t");
    broker.demands_no_logins().await;
    assert_eq!(broker.received().await.len(), 1);
}
