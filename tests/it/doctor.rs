//! `tieout doctor`, with logins that were made by the files under `deploy/`, and with others.

use serde_json::Value;

use crate::mysql::MySql;
use crate::on_mysql::on_mysql;
use crate::postgres::Postgres;
use crate::world::{Outcome, World, charge};

/// The details of every test with a name and a result.
pub(crate) fn told(outcome: &Outcome, what: &str, result: &str) -> Vec<String> {
    let document = outcome.json();
    let tests = document["tests"].as_array().unwrap_or_else(|| panic!("{document}")).clone();
    let its = tests.iter().filter(|test| test["what"] == what && test["result"] == result);
    its.map(|test| test["detail"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn doctor(world: &World) -> Outcome {
    world.tieout(&["doctor", "--format", "json"])
}

fn unique(prefix: &str) -> String {
    format!("{prefix}_{}", &uuid::Uuid::now_v7().simple().to_string()[16..])
}

/// A PostgreSQL with the application's table, and a role that `deploy/grants.sql` made.
async fn with_granted_role(world: &World) -> (Postgres, String) {
    let postgres = Postgres::create().await;
    postgres
        .sql(
            "CREATE TABLE charges (id text PRIMARY KEY, amount_minor bigint, currency text, status text, \
             created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)",
        )
        .await;
    let (role, url) = postgres.grant("read", "charges");
    world.write("app.url", &url);
    world.edit("tieout.yaml", "\"sqlite:app.db\"", "\"file:app.url\"");
    (postgres, role)
}

#[tokio::test]
async fn a_world_in_order_has_nothing_wrong() {
    let world = World::agreeing(3).await;
    let outcome = world.tieout(&["doctor"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for line in [
        "state store",
        "disk of the state store",
        "lease of shop.charges",
        "queue shop",
        "database app",
        "rights in app",
        "clock of app",
        "domain shop.charges",
        "feed of shop.charges",
    ] {
        assert!(outcome.stdout.contains(line), "{line}: {outcome:?}");
    }
    assert!(outcome.stdout.ends_with("doctor: 0 failed, 0 warnings\n"), "{outcome:?}");
    assert!(outcome.stdout.contains("schema version"), "{outcome:?}");
    let lines = world.tieout(&["doctor", "shop.*", "--format", "jsonl"]);
    assert!(lines.stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines:?}");
    assert_eq!(world.tieout(&["doctor", "nothing"]).code, 2);
}

#[tokio::test]
async fn the_postgresql_role_that_deploy_makes_may_read_and_nothing_else_and_is_enough() {
    let world = World::agreeing(0).await;
    let (postgres, role) = with_granted_role(&world).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = doctor(&world);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(told(&outcome, "rights in app", "ok"), ["it may read and nothing else"], "{outcome:?}");
    assert!(told(&outcome, "database app", "ok")[0].contains(&format!("as `{role}`")), "{outcome:?}");
    let run = world.run();
    assert_eq!(run.domain()["items"]["missing"], 1, "{run:?}");
    postgres.drop_with_role(&role).await;
}

#[tokio::test]
async fn what_a_postgresql_role_may_beyond_reading_is_named_with_its_cure() {
    let world = World::agreeing(0).await;
    let (postgres, role) = with_granted_role(&world).await;
    postgres
        .sql(&format!(
            "ALTER ROLE {role} CREATEDB; GRANT CREATE ON SCHEMA public TO {role}; GRANT INSERT, DELETE ON charges TO {role}; \
             CREATE TABLE other (id int); GRANT UPDATE (id) ON other TO {role}; GRANT pg_write_all_data TO {role}"
        ))
        .await;
    let outcome = doctor(&world);
    let said = told(&outcome, "rights in app", "warning").join("\n").replace(&role, "ROLE");
    postgres.sql(&format!("REVOKE pg_write_all_data FROM {role}")).await;
    let less = told(&doctor(&world), "rights in app", "warning").join("\n").replace(&role, "ROLE");
    let less: Vec<&str> = less.lines().collect();
    postgres.drop_with_role(&role).await;
    assert_eq!(outcome.code, 0, "it works, and is not what it should be: {outcome:?}");
    assert!(
        said.contains("is a member of `pg_write_all_data`; REVOKE pg_write_all_data FROM ROLE"),
        "{said}"
    );
    assert_eq!(
        less,
        [
            "may make databases; ALTER ROLE ROLE NOCREATEDB, or read with a login of its own",
            "may make tables and functions in the schema `public`; REVOKE CREATE ON SCHEMA public FROM ROLE, or from the role \
             or PUBLIC that has it",
            "may write `public.charges`, which a domain reads (INSERT, DELETE); REVOKE INSERT, DELETE ON public.charges FROM \
             ROLE, or from the role or PUBLIC that has it",
            "may write one table that no domain reads: public.other; read with a login of its own, as deploy/ makes one",
        ]
    );
}

#[tokio::test]
async fn a_superuser_is_named_as_such() {
    let world = World::agreeing(0).await;
    let (postgres, role) = with_granted_role(&world).await;
    postgres.sql(&format!("ALTER ROLE {role} SUPERUSER")).await;
    let said = told(&doctor(&world), "rights in app", "warning");
    postgres.drop_with_role(&role).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("is a superuser and may do everything; ALTER ROLE"), "{said:?}");
}

#[tokio::test]
async fn a_right_that_is_missing_fails_with_the_grant_and_exit_7() {
    let world = World::agreeing(0).await;
    let (postgres, role) = with_granted_role(&world).await;
    postgres.sql(&format!("REVOKE SELECT ON charges FROM {role}")).await;
    let outcome = doctor(&world);
    postgres.drop_with_role(&role).await;
    assert_eq!(outcome.code, 7, "{outcome:?}");
    let said = told(&outcome, "domain shop.charges", "failed");
    assert!(said[0].ends_with(&format!("it needs `GRANT SELECT ON charges TO {role}`")), "{said:?}");
}

#[tokio::test]
async fn the_mysql_account_that_deploy_makes_may_read_and_nothing_else_and_is_enough() {
    let mysql = MySql::create().await;
    let world = World::agreeing(3).await;
    on_mysql(&world, &mysql).await;
    let login = unique("tieout_read");
    let grants = include_str!("../../deploy/grants-mysql.sql");
    let grants = [("{database}", mysql.name()), ("{table}", "charges"), ("{login}", &login)]
        .iter()
        .fold(grants.to_owned(), |grants, (from, to)| grants.replace(from, to));
    mysql.sql(&grants).await;
    world.write("app.url", &mysql.url_of(&login, "hunter2"));
    let locked = doctor(&world);
    mysql.sql(&format!("ALTER USER {login}@'%' IDENTIFIED BY 'hunter2' ACCOUNT UNLOCK")).await;
    let outcome = doctor(&world);
    world.upstream(&charge("ch_lost", 5, 500));
    let run = world.run();
    mysql.sql(&format!("GRANT INSERT ON {}.charges TO {login}@'%'", mysql.name())).await;
    mysql.sql(&format!("GRANT CREATE ON *.* TO {login}@'%' WITH GRANT OPTION")).await;
    let more = told(&doctor(&world), "rights in app", "warning").join("\n");
    mysql.sql(&format!("REVOKE SELECT ON {}.charges FROM {login}@'%'", mysql.name())).await;
    let less = doctor(&world);
    mysql.sql(&format!("DROP USER {login}@'%'")).await;
    let more = more.replace(mysql.name(), "DATABASE").replace(&login, "LOGIN");
    mysql.drop().await;
    assert_eq!(locked.code, 7, "{locked:?}");
    assert!(!format!("{locked:?}{outcome:?}{less:?}").contains("hunter2"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(told(&outcome, "rights in app", "ok"), ["it may read and nothing else"], "{outcome:?}");
    assert!(told(&outcome, "database app", "ok")[0].contains("MariaDB"), "{outcome:?}");
    assert_eq!(run.domain()["items"]["missing"], 1, "{run:?}");
    assert_eq!(
        more.lines().collect::<Vec<_>>(),
        [
            "may do more than read on `*.*`: CREATE; REVOKE CREATE ON *.* FROM 'LOGIN'@'%', or read with a login of its own",
            "may pass on its rights on `*.*`; REVOKE GRANT OPTION ON *.* FROM 'LOGIN'@'%'",
            "may write `DATABASE.charges`, which a domain reads (INSERT); REVOKE INSERT ON DATABASE.charges FROM 'LOGIN'@'%', \
             or from the role or PUBLIC that has it",
        ]
    );
    assert_eq!(less.code, 7, "{less:?}");
    let said = told(&less, "domain shop.charges", "failed");
    assert!(said[0].contains("GRANT SELECT ON"), "{said:?}");
}

#[tokio::test]
async fn a_database_and_a_state_store_that_nobody_serves_are_said() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for url in [format!("postgres://u@127.0.0.1:{port}/app"), format!("mysql://u@127.0.0.1:{port}/app")] {
        let world = World::agreeing(0).await;
        world.edit("tieout.yaml", "sqlite:app.db", &url);
        world.edit("tieout.yaml", "sqlite:state.db", &format!("postgres://u@127.0.0.1:{port}/state"));
        let outcome = doctor(&world);
        assert_eq!(outcome.code, 1, "{outcome:?}");
        let database = &told(&outcome, "database app", "failed")[0];
        assert!(
            database.contains("cannot be reached") && database.contains("; check the network"),
            "{outcome:?}"
        );
        let state = &told(&outcome, "state store", "failed")[0];
        assert!(
            state.contains("cannot be reached") && state.contains("check `state: {url: ...}`"),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn the_clock_of_a_state_store_on_a_server_is_held_against_ours() {
    let (world, postgres) = (World::agreeing(1).await, Postgres::create().await);
    world.write("state.url", postgres.url());
    world.edit("tieout.yaml", "\"sqlite:state.db\"", "\"file:state.url\"");
    let outcome = doctor(&world);
    postgres.drop().await;
    assert_eq!(told(&outcome, "clock of the state store", "ok").len(), 1, "{outcome:?}");
}

#[tokio::test]
async fn a_lease_that_nobody_gave_back_and_one_that_is_held_are_told_apart() {
    let world = World::agreeing(1).await;
    assert_eq!(world.run().code, 0);
    assert_eq!(told(&doctor(&world), "lease of shop.charges", "ok"), ["it is free"]);
    let hold = |until: &str| {
        format!(
            "UPDATE leases SET holder = 'other-host', acquired_at = '2025-11-21T02:00:00.000000Z', expires_at = '{until}-01-01T00:00:00.000000Z'"
        )
    };
    world.state(&hold("2100")).await;
    let alive = told(&doctor(&world), "lease of shop.charges", "ok");
    assert!(alive[0].starts_with("other-host ") && alive[0].contains("is alive"), "{alive:?}");
    world.state(&hold("2000")).await;
    let dead = told(&doctor(&world), "lease of shop.charges", "warning");
    assert!(dead[0].contains("it is dead, and the next run takes over"), "{dead:?}");
}

#[tokio::test]
async fn a_schedule_that_nobody_follows_is_late() {
    let world = World::agreeing(1).await;
    let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    world.write("charges.yaml", &format!("{domain}schedule: {{cron: \"0 * * * *\"}}\n"));
    assert_eq!(world.run().code, 0);
    let fresh = told(&doctor(&world), "schedule of shop.charges", "ok");
    assert!(fresh[0].starts_with("next at "), "{fresh:?}");
    world.state("UPDATE coverage SET to_at = '2020-01-02T00:00:00.000000Z', from_at = '2020-01-01T00:00:00.000000Z'").await;
    let late = told(&doctor(&world), "schedule of shop.charges", "warning");
    assert!(
        late[0].starts_with("it is late: verified through 2020-01-02") && late[0].contains("CronJob"),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_paused_domain_is_not_late_and_who_paused_it_is_said_with_the_way_back() {
    let world = World::agreeing(1).await;
    let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    world.write("charges.yaml", &format!("{domain}schedule: {{cron: \"0 * * * *\"}}\n"));
    assert_eq!(world.run().code, 0);
    world.state("UPDATE coverage SET to_at = '2020-01-02T00:00:00.000000Z', from_at = '2020-01-01T00:00:00.000000Z'").await;
    let told_of = |result: &str| told(&doctor(&world), "schedule of shop.charges", result);

    world.tieout(&["state", "pause", "shop.charges", "--by", "ops", "--reason", "they migrate"]);
    let paused = told_of("ok");
    assert!(paused[0].starts_with("it is paused by ops since 20"), "{paused:?}");
    let end = " (they migrate), and no run works on it; `tieout state resume shop.charges` ends that";
    assert!(paused[0].ends_with(end), "{paused:?}");
    world.tieout(&["state", "resume", "shop.charges"]);
    assert!(told_of("warning")[0].starts_with("it is late: "));

    world.write("charges.yaml", &format!("{domain}schedule: {{cron: \"0 * * * *\", paused: true}}\n"));
    assert!(told_of("ok")[0].starts_with("it is paused in its file, so no daemon starts it"));
    world.write("charges.yaml", &domain);
    assert!(told_of("ok").is_empty() && told_of("warning").is_empty(), "nothing is due without a schedule");
    world.tieout(&["state", "pause", "shop.charges", "--by", "ops"]);
    assert!(told_of("ok")[0].contains(", and no run works on it"), "whoever starts it");
}

/// A world whose queue is a table of PostgreSQL that `tieout migrate queue` made.
async fn with_queue_table() -> (World, Postgres) {
    let (world, postgres) = (World::agreeing(1).await, Postgres::create().await);
    world.write("queue.url", postgres.url());
    world.edit(
        "tieout.yaml",
        "{sqlite: {path: queue.db, table: tieout_events}}",
        "{postgres: {url: \"file:queue.url\"}}",
    );
    postgres.sql(&world.tieout(&["migrate", "queue", "shop"]).stdout).await;
    (world, postgres)
}

#[tokio::test]
async fn the_table_of_a_queue_that_this_version_made_is_well() {
    let (world, postgres) = with_queue_table().await;
    let outcome = doctor(&world);
    postgres.drop().await;
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let told = told(&outcome, "table of queue shop", "ok");
    assert_eq!(told, ["as this version makes it, with all that its consumers call"], "{outcome:?}");
}

#[tokio::test]
async fn what_the_table_of_a_queue_lacks_for_its_consumers_is_named_with_the_command_that_makes_it() {
    let (world, postgres) = with_queue_table().await;
    postgres
        .sql(
            "DROP FUNCTION tieout_events_requeue; DROP TRIGGER tieout_events_notify ON tieout_events; \
             CREATE OR REPLACE FUNCTION tieout_events_purge(older_than interval DEFAULT '14 days') RETURNS bigint LANGUAGE sql AS \
             'SELECT 0::bigint'",
        )
        .await;
    let less = told(&doctor(&world), "table of queue shop", "warning");
    postgres.sql("ALTER TABLE tieout_events DROP COLUMN last_error, DROP COLUMN dead_at CASCADE").await;
    let columns = told(&doctor(&world), "table of queue shop", "warning");
    postgres.sql(&world.tieout(&["migrate", "queue", "shop"]).stdout).await;
    let mended = told(&doctor(&world), "table of queue shop", "ok");
    postgres.sql("DROP TABLE tieout_events CASCADE").await;
    let gone = doctor(&world);
    postgres.drop().await;
    let said = less.join("\n");
    for words in [
        "there is no function `tieout_events_requeue`; `tieout migrate queue shop` prints",
        "of another version is the function `tieout_events_purge`",
        "nobody is woken without the trigger `tieout_events_notify`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(columns[0].starts_with("it has no column `last_error`, `dead_at`; "), "{columns:?}");
    assert_eq!(mended.len(), 1, "the statements bring it up to date");
    assert_eq!(gone.code, 7, "{gone:?}");
    assert!(told(&gone, "queue shop", "failed")[0].contains("tieout migrate queue"), "{gone:?}");
}

#[tokio::test]
async fn a_sqlite_table_of_somebody_else_that_lacks_columns_is_named() {
    let world = World::agreeing(0).await;
    assert_eq!(told(&doctor(&world), "table of queue shop", "ok").len(), 1);
    let made = "CREATE TABLE jobs (seq INTEGER PRIMARY KEY, event_id TEXT UNIQUE, consumed_at TEXT)";
    sqlx::query(made).execute(&world.app).await.unwrap();
    world.edit("tieout.yaml", "path: queue.db, table: tieout_events", "path: app.db, table: jobs");
    let told = told(&doctor(&world), "table of queue shop", "warning");
    assert!(told[0].contains("`source`, `type`") && told[0].contains("rename the table"), "{told:?}");
}

#[tokio::test]
async fn an_inbox_beside_the_application_s_tables_is_looked_at_where_there_is_one() {
    let world = World::agreeing(0).await;
    assert!(!doctor(&world).stdout.contains("inbox in app"), "nobody needs one here");
    let made = world.tieout(&["migrate", "inbox", "--for", "sqlite"]).stdout;
    sqlx::raw_sql(sqlx::AssertSqlSafe(made)).execute(&world.app).await.unwrap();
    assert_eq!(told(&doctor(&world), "inbox in app", "ok").len(), 1);
    sqlx::query("DROP TABLE tieout_inbox_versions").execute(&world.app).await.unwrap();
    let said = told(&doctor(&world), "inbox in app", "warning");
    assert!(
        said[0].contains("`tieout_inbox_versions.version`; `tieout migrate inbox --for sqlite`"),
        "{said:?}"
    );
}

#[tokio::test]
async fn an_inbox_of_another_version_in_postgresql_is_named() {
    let world = World::agreeing(0).await;
    let (postgres, role) = with_granted_role(&world).await;
    postgres.sql(&world.tieout(&["migrate", "inbox", "--table", "public.tieout_inbox"]).stdout).await;
    let well = told(&doctor(&world), "inbox in app", "ok");
    postgres
        .sql(
            "DROP FUNCTION tieout_inbox_purge; CREATE OR REPLACE FUNCTION tieout_inbox_seen(consumer text, source text, \
             event_id text, subject text DEFAULT NULL, version numeric DEFAULT NULL) RETURNS text LANGUAGE sql AS $$SELECT 'apply'$$",
        )
        .await;
    let said = told(&doctor(&world), "inbox in app", "warning").join("\n");
    postgres.drop_with_role(&role).await;
    assert_eq!(well, ["as this version makes it"]);
    assert!(said.contains("there is no function `tieout_inbox_purge`"), "{said}");
    assert!(said.contains("the function `tieout_inbox_seen` is of another version"), "{said}");
}

#[tokio::test]
async fn an_inbox_in_mysql_is_looked_at_as_well() {
    let mysql = MySql::create().await;
    let world = World::agreeing(0).await;
    on_mysql(&world, &mysql).await;
    mysql.sql(&world.tieout(&["migrate", "inbox", "--for", "mysql"]).stdout).await;
    let well = told(&doctor(&world), "inbox in app", "ok");
    mysql.sql("ALTER TABLE tieout_inbox DROP COLUMN seen_at").await;
    let said = told(&doctor(&world), "inbox in app", "warning");
    mysql.drop().await;
    assert_eq!(well, ["as this version makes it"]);
    assert!(
        said[0].starts_with("it has no `tieout_inbox.seen_at`; `tieout migrate inbox --for mysql`"),
        "{said:?}"
    );
}
