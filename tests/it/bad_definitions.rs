//! What a person can get wrong, and how tieout points at it. None of it has a side effect.

use crate::world::{Outcome, World};

/// The message about a definition that was changed in one place, without the world's own folder in it.
async fn message(file: &str, from: &str, to: &str) -> String {
    let world = World::agreeing(1).await;
    world.edit(file, from, to);
    refused(&world, &world.tieout(&["run"]))
}

/// What the report says about a definition that only the database could refuse, or a secret that is not there.
async fn problem(file: &str, from: &str, to: &str) -> String {
    let world = World::agreeing(1).await;
    world.edit(file, from, to);
    let outcome = world.run();
    refused(&world, &outcome);
    outcome.domain()["problems"][0].as_str().unwrap().to_owned()
}

fn refused(world: &World, outcome: &Outcome) -> String {
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert_eq!(world.api.requests(), 0, "a request was sent");
    assert!(!world.path().join("queue.db").exists(), "a queue was made");
    outcome.stderr.replace(&world.path().display().to_string(), "[world]")
}

#[tokio::test]
async fn an_unknown_key_is_pointed_at_with_a_suggestion() {
    insta::assert_snapshot!(message("charges.yaml", "changed:", "chnged:").await);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_pointed_at() {
    insta::assert_snapshot!(message("charges.yaml", "settle: 1s", "settle: [1]").await);
}

#[tokio::test]
async fn a_word_that_is_not_supported_yet_is_never_ignored() {
    insta::assert_snapshot!(
        message("provider.yaml", "    rows: data", "    redeliver: x\n    rows: data").await
    );
}

#[tokio::test]
async fn a_cron_that_cannot_be_read_is_pointed_at() {
    let with = "schedule: {cron: \"0 25 * * *\", zone: Europe/London}\nlocal:";
    insta::assert_snapshot!(message("charges.yaml", "local:", with).await);
}

#[tokio::test]
async fn a_zone_that_does_not_exist_is_pointed_at() {
    let with = "schedule: {cron: \"0 2 * * *\", zone: Europe/Londres}\nlocal:";
    insta::assert_snapshot!(message("charges.yaml", "local:", with).await);
}

#[tokio::test]
async fn a_secret_in_the_file_is_refused_without_repeating_it() {
    let said = message("tieout.yaml", "file:key", "sk_inline_secret").await;
    assert!(!said.contains("sk_inline_secret"), "{said}");
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named() {
    insta::assert_snapshot!(problem("tieout.yaml", "file:key", "env:TIEOUT_TEST_NO_SUCH_SECRET").await);
}

#[tokio::test]
async fn a_column_that_the_query_does_not_return_is_named_with_a_suggestion() {
    insta::assert_snapshot!(problem("charges.yaml", "local: amount_minor", "local: amount_minr").await);
}

#[tokio::test]
async fn an_unknown_parameter_in_the_query_is_pointed_at() {
    insta::assert_snapshot!(problem("charges.yaml", "created_at < :to", "created_at < :too").await);
}

#[tokio::test]
async fn a_pattern_without_a_match_is_no_green_run() {
    let world = World::agreeing(1).await;
    insta::assert_snapshot!(refused(&world, &world.tieout(&["run", "shop.refunds*"])));
}

#[tokio::test]
async fn a_folder_without_a_configuration_says_how_to_start() {
    let world = World::agreeing(1).await;
    std::fs::remove_file(world.path().join("tieout.yaml")).unwrap();
    insta::assert_snapshot!(refused(&world, &world.tieout(&["run"])));
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_no_missing_data() {
    let world = World::agreeing(1).await;
    world.edit("tieout.yaml", "sqlite:app.db", "postgres://nobody@127.0.0.1:1/none");
    let outcome = world.tieout(&["run", "--format", "json"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert_eq!(world.api.requests(), 0);
}
