//! Channels that are told how runs end: what is refused and how, and what a loaded one holds.

use std::fmt::Write as _;
use std::time::Duration;

use super::{CONFIG, DOMAIN, World};
use crate::notify::{Event, Means, Trouble};

/// A configuration with this channel.
fn world(channel: &str, files: &[(&str, &str)]) -> World {
    let config = format!("{CONFIG}notify:\n  ops: {channel}\n");
    World::new(&config, &[&[("reconcilers/a.yaml", DOMAIN)], files].concat())
}

#[test]
fn wrong_channels_are_refused_with_place_and_advice() {
    let mut said = String::new();
    for (name, channel) in [
        ("no kind", "{on: [failed]}"),
        ("two kinds", "{slack: {url: env:A}, ping: {url: env:B}}"),
        ("unknown kind", "{slak: {url: env:A}}"),
        ("unknown key", "{slack: {url: env:A, channel: ops}}"),
        ("a secret in the file", "{slack: {url: \"https://hooks.example.com/hunter2\"}}"),
        ("the address of a ping in the file", "{ping: {url: \"https://ping.example.com/hunter2\"}}"),
        ("an unknown event", "{slack: {url: env:A}, on: [faild]}"),
        ("events of a ping", "{ping: {url: env:A}, on: [failed], every: 1h}"),
        ("no duration", "{slack: {url: env:A}, every: daily}"),
        ("a glob of no domain", "{slack: {url: env:A}, domains: [stripe.charge]}"),
        ("a tag where no domain has any", "{slack: {url: env:A}, domains: [\"tag:finance\"]}"),
        ("no glob", "{slack: {url: env:A}, domains: [\"stripe.[a\"]}"),
        ("no link", "{slack: {url: env:A}, link: reports}"),
        ("a query in an address", "{webhook: {url: \"https://app.example.com/?key=hunter2\"}}"),
        ("plain HTTP", "{webhook: {url: \"http://app.example.com/\"}}"),
        ("a private address", "{webhook: {url: \"https://10.0.0.1/\"}}"),
        ("an inline secret", "{webhook: {url: \"https://app.example.com/\", secret: whsec_hunter2}}"),
    ] {
        let _ = writeln!(said, "## {name}\n{}", world(channel, &[]).problems());
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

/// Two domains, of which one has tags.
fn tagged(channel: &str) -> World {
    let tagged = DOMAIN.replace("feed:", "tags: [money, cards]\nfeed:");
    let other = DOMAIN.replace("stripe.charges", "stripe.refunds");
    let config = format!("{CONFIG}notify:\n  ops: {channel}\n");
    World::new(&config, &[("reconcilers/a.yaml", &tagged), ("reconcilers/b.yaml", &other)])
}

#[test]
fn a_channel_is_about_domains_by_name_glob_and_tag() {
    let about = |domains: &str| {
        let loaded = tagged(&format!("{{slack: {{url: env:A}}{domains}}}")).load().unwrap();
        let (_, channel) = loaded.config.channels.first_key_value().unwrap();
        ["stripe.charges", "stripe.refunds"].map(|domain| channel.wishes.cover(domain))
    };
    assert_eq!(about(""), [true, true]);
    assert_eq!(about(", domains: []"), [true, true]);
    assert_eq!(about(", domains: [\"tag:money\"]"), [true, false]);
    assert_eq!(about(", domains: [stripe.refunds]"), [false, true]);
    assert_eq!(about(", domains: [\"*.refunds\", \"tag:cards\"]"), [true, true]);
}

#[test]
fn a_pattern_that_chooses_no_domain_is_refused_with_the_nearest_word() {
    let mut said = String::new();
    for domains in ["\"tag:mony\"", "money", "\"tag:\"", "\"stripe.charges\", \"stripe.refund\""] {
        let channel = format!("{{slack: {{url: env:A}}, domains: [{domains}]}}");
        let _ = writeln!(said, "{}", tagged(&channel).problems());
    }
    insta::assert_snapshot!(said);
}

#[cfg(feature = "smtp")]
#[test]
fn wrong_channels_of_email_are_refused_with_place_and_advice() {
    let mut said = String::new();
    let to = "from: a@example.com, to: [b@example.com]";
    for (name, email) in [
        ("no server", to.to_owned()),
        ("a server with a scheme", format!("server: \"smtp://mail.example.com\", {to}")),
        ("nobody", "server: mail.example.com, from: a@example.com, to: []".to_owned()),
        ("no address", "server: mail.example.com, from: a, to: [b@example.com]".to_owned()),
        ("a way of encrypting that is none", format!("server: mail.example.com, tls: ssl, {to}")),
        ("a password without a user", format!("server: mail.example.com, password: env:P, {to}")),
        ("a user without a password", format!("server: mail.example.com, user: me, {to}")),
        ("an inline password", format!("server: mail.example.com, user: me, password: hunter2, {to}")),
        (
            "a password in the clear",
            format!("server: mail.example.com, user: me, password: env:P, tls: none, {to}"),
        ),
    ] {
        let _ = writeln!(said, "## {name}\n{}", world(&format!("{{email: {{{email}}}}}"), &[]).problems());
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

#[cfg(not(feature = "smtp"))]
#[test]
fn email_names_the_feature_that_this_program_lacks() {
    let email = "{email: {server: mail.example.com, from: a@example.com, to: [b@example.com]}}";
    let said = world(email, &[]).problems();
    assert!(said.contains("built without e-mail") && said.contains("--features smtp"), "{said}");
}

#[test]
fn a_channel_holds_what_it_was_given_and_reads_its_secrets_late() {
    let world = world(
        "{webhook: {url: \"https://app.example.com/hooks\", secret: \"file:hook\"}, on: [held, recovered], \
         domains: [\"stripe.*\"], every: 6h, link: \"https://reports.example.com/{run_id}\"}",
        &[],
    );
    let loaded = world.load().unwrap();
    let (name, channel) = loaded.config.channels.first_key_value().unwrap();
    let missing = channel.resolve(name, &loaded.config.folder).unwrap_err().to_string();
    assert!(missing.contains("notify.ops.webhook.secret: cannot read the file"), "{missing}");
    assert!(missing.ends_with("`: No such file or directory (os error 2)"), "{missing}");
    assert!(
        loaded.config.unreadable_references().iter().any(|error| error.to_string().contains("notify.ops")),
        "`check --vars` says so too"
    );
    std::fs::write(loaded.config.folder.join("hook"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let channel = channel.resolve(name, &loaded.config.folder).unwrap();
    assert!(matches!(channel.means, Means::Webhook(_, Some(_))));
    assert_eq!(channel.wishes.every, Duration::from_hours(6));
    assert_eq!(
        channel.wishes.on.into_iter().collect::<Vec<_>>(),
        [Event::Trouble(Trouble::Held), Event::Recovered]
    );
}
