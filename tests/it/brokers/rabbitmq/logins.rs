//! Logins at a RabbitMQ of the test's own.

use crate::brokers::broker::Broker;
use crate::brokers::logins::Visitor;
use crate::brokers::server::Kind;

#[tokio::test]
async fn a_login_that_may_not_write_at_rabbitmq_pauses_the_queue_and_delivers_once_it_may() {
    let mut broker = Broker::own(Kind::RabbitMq).await;
    let visitor = Visitor::new(&broker).await;
    broker.has_reader("app", "s3cret");
    let at = format!("127.0.0.1:{}", broker.port());
    let said = visitor.is_refused(&format!("amqp://app:wr0ng@{at}"), "wr0ng");
    assert!(said.contains("ACCESS_REFUSED - Login was refused"), "{said}");
    let url = format!("amqp://app:s3cret@{at}");
    let said = visitor.is_refused(&url, "s3cret");
    let expected = format!("ACCESS_REFUSED - access to exchange '{}'", broker.name());
    assert!(said.contains(&expected), "{said}");
    assert_eq!(broker.received().await, Vec::<String>::new());
    broker.may_write("app");
    visitor.is_let_in(&url, "s3cret");
    assert_eq!(broker.received().await.len(), 1);
}
