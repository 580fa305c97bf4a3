//! Times without a zone, read in the one that the domain declares, over the nights when clocks are changed.

use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::zone::Zone;

use super::*;

/// What a shop in London wrote by its wall clock while the clocks were put back at 02:00 on 25 October 2026, and one row from
/// an hour that never was, on 29 March.
const ROWS: &str =
    "('before', '2026-10-25 00:59:59'), ('twice', '2026-10-25 01:30:00'), ('after', '2026-10-25 02:00:00'),
    ('never', '2026-03-29 01:30:00'), ('summer', '2026-07-01 00:30:00')";

fn in_london() -> Local {
    Local { zone: Zone::named("Europe/London"), ..charges() }
}

/// Reads the hours around both changes in slices of half an hour, and one summer night. Every row comes in exactly one slice.
async fn every_row_comes_once(reader: &Reader) {
    let mut seen = Vec::new();
    for (from, to) in [
        ("2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z"),
        ("2026-03-28T22:00:00Z", "2026-03-29T04:00:00Z"),
        ("2026-06-30T22:00:00Z", "2026-07-01T04:00:00Z"),
    ] {
        for slice in window(from, to).pieces(std::time::Duration::from_mins(30)) {
            let (rows, read) = rows_of(reader, slice).await.unwrap();
            assert_eq!(read.rows, rows.len() as u64);
            seen.extend(rows.into_iter().map(|row| (row.key.into_owned(), row.clock.unwrap())));
        }
    }
    let expected = [
        // Still summer time; then the first of the two times that the clock showed it; then winter time.
        ("before", "2026-10-24T23:59:59Z"),
        ("twice", "2026-10-25T00:30:00Z"),
        ("after", "2026-10-25T02:00:00Z"),
        ("never", "2026-03-29T01:30:00Z"),
        ("summer", "2026-06-30T23:30:00Z"),
    ];
    let expected: Vec<(String, Instant)> =
        expected.iter().map(|(key, clock)| ((*key).to_owned(), at(clock))).collect();
    assert_eq!(seen, expected);
}

/// What a compared time and `changed` are where a clock showed them twice, never, or once.
async fn a_doubt_is_no_difference(reader: &Reader) {
    let asked = keys(&["twice", "never", "after"]);
    let (rows, read) = rows_by_keys(reader, &asked).await.unwrap();
    assert_eq!(keys_of(&rows), ["after", "never", "twice"]);
    assert_eq!(read.unreadable, 2, "{read:?}");
    assert!(read.faults.iter().any(|fault| fault.to_string().contains("was shown twice")), "{read:?}");
    assert!(read.faults.iter().any(|fault| fault.to_string().contains("put forward")), "{read:?}");
    assert_eq!(rows[0].fields, [Scalar::Instant(at("2026-10-25T02:00:00Z"))]);
    assert_eq!(
        rows[2].changed,
        Some(at("2026-10-25T01:30:00Z")),
        "the later, so that nothing is judged too early"
    );
}

fn changed(local: Local) -> Local {
    Local { changed: Some("created_at".to_owned()), ..local }
}

#[tokio::test]
async fn postgres_reads_each_row_once_over_a_change_of_clocks() {
    let setup =
        format!("CREATE TABLE charges (id text, created_at timestamp); INSERT INTO charges VALUES {ROWS}");
    super::postgres::with_world(&setup, |world| async move {
        let database = world.database().await;
        let reader = database.reader(&changed(in_london()), &columns(&["created_at"])).await.unwrap();
        every_row_comes_once(&reader).await;
        a_doubt_is_no_difference(&reader).await;
    })
    .await;
}

#[tokio::test]
async fn mysql_reads_each_row_once_over_a_change_of_clocks() {
    let setup = format!(
        "CREATE TABLE charges (id varchar(9), created_at datetime); INSERT INTO charges VALUES {ROWS}"
    );
    super::mysql::with_world(&setup, |world| async move {
        let database = world.database().await;
        let reader = database.reader(&changed(in_london()), &columns(&["created_at"])).await.unwrap();
        every_row_comes_once(&reader).await;
        a_doubt_is_no_difference(&reader).await;
    })
    .await;
}

#[tokio::test]
async fn sqlite_reads_each_row_once_over_a_change_of_clocks() {
    let world = super::sqlite::World::new(&format!(
        "CREATE TABLE charges (id, created_at); INSERT INTO charges VALUES {ROWS}"
    ))
    .await;
    let local = changed(Local { time: TimeFormat::Sql, ..in_london() });
    let mut fields = columns(&["created_at"]);
    fields.fields[0].rule = Rule::Time(tieout_reconcilers::compare::TimeRule {
        upstream: tieout_reconcilers::clock_format::ClockFormat::from(TimeFormat::Rfc3339),
        local: TimeFormat::Sql,
        precision: std::time::Duration::from_secs(1),
    });
    let reader = world.database().await.reader(&local, &fields).await.unwrap();
    every_row_comes_once(&reader).await;
    a_doubt_is_no_difference(&reader).await;
}

#[tokio::test]
async fn a_date_begins_with_its_day_in_the_zone_and_comes_in_one_slice() {
    let days = "('a', '2026-06-30'), ('b', '2026-07-01'), ('c', '2026-07-02')";
    let setup = format!("CREATE TABLE charges (id text, created_at date); INSERT INTO charges VALUES {days}");
    super::postgres::with_world(&setup, |world| async move {
        let reader = world.database().await.reader(&in_london(), &columns(&[])).await.unwrap();
        let mut seen = Vec::new();
        for slice in
            window("2026-06-30T12:00:00Z", "2026-07-02T12:00:00Z").pieces(std::time::Duration::from_hours(5))
        {
            let (rows, _) = rows_of(&reader, slice).await.unwrap();
            seen.extend(rows.into_iter().map(|row| (row.key.into_owned(), row.clock.unwrap())));
        }
        let expected =
            [("b".to_owned(), at("2026-06-30T23:00:00Z")), ("c".to_owned(), at("2026-07-01T23:00:00Z"))];
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test]
async fn a_time_without_a_zone_is_refused_where_none_is_declared() {
    let setup = "CREATE TABLE charges (id text, created_at timestamp, day date, at timestamptz)";
    super::postgres::with_world(setup, |world| async move {
        let database = world.database().await;
        let message = refusal(&database, &charges(), &columns(&[])).await;
        assert_eq!(
            message,
            "charges.yaml:5:9: column `created_at` has the type timestamp, which stands for no instant without a zone; say \
             under `local` which clock your application writes it by, as in `zone: UTC`"
        );
        let zoned = local(
            "SELECT id, at AS created_at, day FROM charges WHERE at >= :from AND at < :to",
            "SELECT id, at AS created_at, day FROM charges WHERE id IN (:keys)",
        );
        assert!(database.reader(&zoned, &columns(&[])).await.is_ok(), "no zone is needed where none is named");
        assert!(refusal(&database, &zoned, &columns(&["day"])).await.contains("column `day` has the type date"));
        let filtered = local(
            "SELECT id, at AS created_at FROM charges WHERE created_at >= :from AND created_at < :to",
            &zoned.keys,
        );
        assert!(refusal(&database, &filtered, &columns(&[])).await.contains("`:from` has the type timestamp"));
    })
    .await;
}
