//! What is a parameter and what only looks like one.

use super::*;

fn rows(sql: &str, dialect: Dialect) -> Result<Statement, StatementProblem> {
    Statement::parse(sql, dialect, Purpose::Rows).map_err(|fault| fault.problem)
}

fn keys(sql: &str, dialect: Dialect) -> Result<Statement, StatementProblem> {
    Statement::parse(sql, dialect, Purpose::Keys).map_err(|fault| fault.problem)
}

const RANGE: &str = " WHERE at >= :from AND at < :to";
const BOUND: &str = " WHERE at >= $1 AND at < $2";

#[test]
fn what_only_looks_like_a_parameter_is_left_alone() {
    for text in [
        "SELECT ':from', 'it''s :keys' FROM t",
        "SELECT \":from\" FROM t",
        "SELECT x -- :from :nonsense\n FROM t",
        "SELECT x /* :keys /* nested :to */ $1 */ FROM t",
        "SELECT x::text, y::from FROM t",
        "SELECT $$ :from $1 ; $$, $tag$ :to $$ $tag$ FROM t",
        "SELECT E'\\' :from', U&':to' FROM t",
        "SELECT doc ? 'a', doc ?| array['b'], doc @> '{}' FROM t",
        "SELECT list[1:2], größe AS \"ключ :to\" FROM t",
        "SELECT a : b FROM t",
    ] {
        let statement = rows(&format!("{text}{RANGE}"), Dialect::Postgres);
        assert_eq!(statement.unwrap().for_postgres(), format!("{text}{BOUND}"));
    }
    for text in ["SELECT ':from', \"a :to\", [b :keys], `c ?1` FROM t", "SELECT x /* ? */ FROM t -- @a\n"] {
        let statement = rows(&format!("{text}{RANGE}"), Dialect::Sqlite);
        assert_eq!(statement.unwrap().for_sqlite(0), format!("{text} WHERE at >= ?1 AND at < ?2"));
    }
}

#[test]
fn a_cast_behind_a_parameter_stays() {
    let statement = rows("SELECT 1 WHERE a >= :from::date AND a < (:to)::timestamptz;", Dialect::Postgres);
    assert_eq!(statement.unwrap().for_postgres(), "SELECT 1 WHERE a >= $1::date AND a < ($2)::timestamptz;");
}

#[test]
fn keys_become_one_array_in_postgres_and_a_padded_list_in_sqlite() {
    for sql in [
        "SELECT * FROM t WHERE id IN (:keys)",
        "SELECT * FROM t WHERE id IN /* these */ ( :keys )",
        "SELECT * FROM t WHERE id = ANY(:keys)",
        "SELECT * FROM t WHERE id in (\n:keys)",
    ] {
        let postgres = keys(sql, Dialect::Postgres).unwrap();
        assert_eq!(postgres.for_postgres(), "SELECT * FROM t WHERE id = ANY($1)");
        let sqlite = keys(sql, Dialect::Sqlite).unwrap();
        assert_eq!(sqlite.for_sqlite(3), "SELECT * FROM t WHERE id IN (?1,?2,?3)");
    }
}

#[test]
fn keys_elsewhere_are_refused() {
    let refused = |sql| keys(sql, Dialect::Postgres).unwrap_err();
    assert_eq!(refused("SELECT * FROM t WHERE id NOT IN (:keys)"), StatementProblem::KeysNegated);
    for sql in [
        "SELECT * FROM t WHERE id = :keys",
        "SELECT * FROM t WHERE id IN (1, :keys)",
        "SELECT * FROM t WHERE id IN (:keys, 1)",
        "SELECT * FROM t WHERE id <> ALL(:keys)",
        "SELECT * FROM t WHERE id <> ANY(:keys)",
        "SELECT * FROM unnest(:keys)",
        "SELECT :keys",
    ] {
        assert_eq!(refused(sql), StatementProblem::KeysMisplaced, "{sql}");
    }
}

#[test]
fn a_wrong_name_is_pointed_at_and_the_right_one_suggested() {
    let fault = Statement::parse("SELECT 1\n WHERE é > :form", Dialect::Postgres, Purpose::Rows).unwrap_err();
    assert_eq!((fault.line, fault.column), (2, 12));
    assert_eq!(
        fault.to_string(),
        "line 2, column 12 of the SQL: there is no parameter `:form`; did you mean `from`?"
    );
}

#[test]
fn the_values_of_a_member_come_behind_the_range_or_the_keys() {
    let member = [("account", "a1"), ("region", "eu")].map(|(name, value)| (name.into(), value.into()));
    let sql =
        "SELECT 1 WHERE :from <= a AND a < :to AND r = :each.region AND x IN (:each.account, :each.region)";
    let statement = rows(sql, Dialect::Sqlite).unwrap();
    assert_eq!(statement.values_of(&member.clone().into()).unwrap(), ["eu", "a1"].map(Box::<str>::from));
    assert_eq!(statement.for_sqlite(0), "SELECT 1 WHERE ?1 <= a AND a < ?2 AND r = ?3 AND x IN (?4, ?3)");
    let sql = "SELECT 1 WHERE id IN (:keys) AND r = :each.region AND x = :each.account";
    let statement = keys(sql, Dialect::Postgres).unwrap();
    assert_eq!(statement.for_postgres(), "SELECT 1 WHERE id = ANY($1) AND r = $2 AND x = $3");
    assert_eq!(statement.for_sqlite(3), "SELECT 1 WHERE id IN (?1,?2,?3) AND r = ?4 AND x = ?5");
}

#[test]
fn a_member_without_a_name_and_a_statement_about_all_members_are_refused() {
    for sql in ["SELECT 1 WHERE :from < :to AND a = :each", "SELECT 1 WHERE :from < :to AND a = :each.'x'"] {
        assert_eq!(rows(sql, Dialect::Postgres).unwrap_err(), StatementProblem::NamelessMember, "{sql}");
    }
    let member = |name: &str| [(name.into(), "1".into())].into();
    let statement = rows("SELECT 1 WHERE :from < :to AND a = :each.account", Dialect::Postgres).unwrap();
    let problem = |names| statement.values_of(&names).unwrap_err().problem;
    assert_eq!(problem(member("acount")), StatementProblem::MemberUnused("acount".to_owned()));
    assert_eq!(problem([].into()), StatementProblem::UnknownMember("account".to_owned()));
}

#[test]
fn a_statement_without_its_parameters_is_refused() {
    let missing = |problem: StatementProblem| problem;
    assert_eq!(
        missing(rows("SELECT 1 WHERE a < :to", Dialect::Sqlite).unwrap_err()),
        StatementProblem::MissingParameter(":from")
    );
    assert_eq!(
        rows("SELECT 1 WHERE a >= :from", Dialect::Sqlite).unwrap_err(),
        StatementProblem::MissingParameter(":to")
    );
    assert_eq!(keys("SELECT 1", Dialect::Sqlite).unwrap_err(), StatementProblem::MissingParameter(":keys"));
    assert_eq!(
        keys("SELECT 1 WHERE id IN (:keys) AND a > :from", Dialect::Sqlite).unwrap_err(),
        StatementProblem::NoValueHere(":from")
    );
}

#[test]
fn placeholders_of_the_users_own_are_refused() {
    let refused = |sql: &str, dialect| match rows(sql, dialect) {
        Err(StatementProblem::OwnPlaceholder(token)) => token,
        other => format!("{other:?}"),
    };
    assert_eq!(refused("SELECT 1 WHERE a = $1", Dialect::Postgres), "$1");
    assert_eq!(refused("SELECT 1 WHERE a = ?", Dialect::Sqlite), "?");
    assert_eq!(refused("SELECT 1 WHERE a = ?2", Dialect::Sqlite), "?2");
    assert_eq!(refused("SELECT 1 WHERE a = $name", Dialect::Sqlite), "$name");
    assert_eq!(refused("SELECT 1 WHERE a = @name", Dialect::Sqlite), "@");
}

#[test]
fn only_one_statement_that_reads_is_accepted() {
    for sql in ["DELETE FROM t", "EXPLAIN SELECT 1", "", "-- nothing", "\"select\" 1", "'SELECT'"] {
        assert_eq!(rows(sql, Dialect::Postgres).unwrap_err(), StatementProblem::NotAQuery, "{sql}");
    }
    let two = "SELECT 1 WHERE a >= :from AND a < :to; DROP TABLE t";
    assert_eq!(rows(two, Dialect::Postgres).unwrap_err(), StatementProblem::SeveralStatements);
    for sql in ["(SELECT 1 WHERE :from < :to)", "WITH a AS (SELECT :from, :to) TABLE a ;; -- end"] {
        assert!(rows(sql, Dialect::Postgres).is_ok(), "{sql}");
    }
    assert!(matches!(rows("SELECT 'open", Dialect::Postgres), Err(StatementProblem::NotSql(_))));
}

#[test]
fn a_place_in_the_written_sql_is_found_in_the_users() {
    let sql = "SELECT é\nFROM t WHERE id IN (:keys) AND oops";
    let statement = keys(sql, Dialect::Postgres).unwrap();
    let character = statement.for_postgres().chars().position(|c| c == 'p').unwrap();
    assert_eq!(statement.position_of(character), (2, sql.lines().nth(1).unwrap().find("oops").unwrap() + 2));
    assert_eq!(statement.position_of(10_000), (2, 36));
}

#[test]
fn mysql_has_a_placeholder_for_every_use_and_its_own_quotes_and_comments() {
    let text = "SELECT `a :to`, 'it\\'s :keys', \"x ? :from\" # :nonsense ?\n FROM t /* :to */ -- ?\n";
    let sql = format!("{text} WHERE b = :each.region AND :from <= a AND a < :to AND a >= :from");
    let statement = rows(&sql, Dialect::MySql).unwrap();
    assert_eq!(statement.for_mysql(0, "?"), format!("{text} WHERE b = ? AND ? <= a AND a < ? AND a >= ?"));
    let uses: Vec<Parameter> = statement.uses().collect();
    assert_eq!(uses, [Parameter::Each(0), Parameter::From, Parameter::To, Parameter::From]);
    let statement = keys("SELECT 1 FROM t WHERE id IN (:keys) OR old IN (:keys)", Dialect::MySql).unwrap();
    let written = "SELECT 1 FROM t WHERE id IN (?,?) OR old IN (?,?)";
    assert_eq!((statement.for_mysql(2, "?"), statement.uses().count()), (written.to_owned(), 2));
    assert!(matches!(rows("SELECT 1 WHERE a = ?", Dialect::MySql), Err(StatementProblem::OwnPlaceholder(_))));
}
