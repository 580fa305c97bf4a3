# shellcheck shell=bash
# The transaction pooler that the tests put before PostgreSQL. Each test starts its own, on its own loopback port; nothing
# is started here.
#
# Exports TIEOUT_TEST_PGBOUNCER, the program.

provide_pgbouncer() {
    TIEOUT_TEST_PGBOUNCER=$(pgbouncer_program) || fail "no pgbouncer: apt-get install pgbouncer"
    export TIEOUT_TEST_PGBOUNCER
}

# Debian keeps it where only root looks.
pgbouncer_program() {
    command -v pgbouncer || { [[ -x /usr/sbin/pgbouncer ]] && echo /usr/sbin/pgbouncer; }
}
