# shellcheck shell=bash
# A PostgreSQL for the tests: the one that answers already, untouched, or else a private one on a loopback
# port of its own, which lives as long as the run and then disappears with its data.
#
# Exports TIEOUT_TEST_POSTGRES, the URL of a role that may create databases.

postgres_folder=
postgres_pid=
postgres_port=

provide_postgres() {
    local url
    if url=$(answering_postgres); then
        local shown=${url##*@}
        say "PostgreSQL: using ${shown%%\?*}"
    else
        start_postgres
        url="postgres://postgres@127.0.0.1:$postgres_port/postgres"
        say "PostgreSQL: none to use, started a private one on port $postgres_port"
    fi
    export TIEOUT_TEST_POSTGRES=$url
}

# True when a server answers, or when one can be started from what is installed.
postgres_can_be_had() {
    answering_postgres >/dev/null || postgres_bin >/dev/null
}

# Debian's own cluster knows only the role `postgres`; a developer's machine often knows the login name.
answering_postgres() {
    local url urls=(postgres://root@127.0.0.1:5432/postgres postgres://postgres@127.0.0.1:5432/postgres)
    if [[ -n ${TIEOUT_TEST_POSTGRES:-} ]]; then
        urls=("$TIEOUT_TEST_POSTGRES")
    fi
    for url in "${urls[@]}"; do
        if may_create_databases "$url"; then
            echo "$url"
            return
        fi
    done
    return 1
}

may_create_databases() {
    local psql=psql question='select true from pg_roles where rolname = current_user and (rolcreatedb or rolsuper)'
    command -v psql >/dev/null || psql=$(postgres_bin)/psql || return 1
    [[ $(PGCONNECT_TIMEOUT=3 "$psql" --no-psqlrc --no-password -At -c "$question" "$1" 2>/dev/null) == t ]]
}

# Where the newest installed server keeps its programs; Debian leaves them out of PATH.
postgres_bin() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort --version-sort | tail --lines=1)
    [[ -x $initdb ]] || initdb=$(command -v initdb) || return 1
    dirname "$initdb"
}

start_postgres() {
    local bin server_uid as_server private_folder attempt
    bin=$(postgres_bin)
    lend_account postgres
    make_private_folder postgres
    postgres_folder=$private_folder
    quietly "${as_server[@]}" "$bin/initdb" --pgdata="$postgres_folder/data" --username=postgres \
        --auth=trust --encoding=UTF8 --locale=C --no-sync || fail "initdb failed"
    # A port is free when the server could bind it, so there is no gap between asking and taking.
    for attempt in {1..20}; do
        postgres_port=$((20000 + RANDOM % 12000))
        if listen_on_port; then
            return
        fi
    done
    tail --lines=20 "$postgres_folder/log" >&2
    fail "PostgreSQL did not start in $attempt attempts"
}

# Durability is switched off: the data never outlives the run.
listen_on_port() {
    "${as_server[@]}" "$bin/postgres" -D "$postgres_folder/data" -c listen_addresses=127.0.0.1 \
        -c port="$postgres_port" -c unix_socket_directories= -c max_connections=300 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off >"$postgres_folder/log" 2>&1 &
    postgres_pid=$!
    # Its own file says when it is ready; asking the port could reach another run's server.
    until grep --quiet --no-messages '^ready' "$postgres_folder/data/postmaster.pid"; do
        kill -0 "$postgres_pid" 2>/dev/null || return 1
        sleep 0.1
    done
}

# Runs at every exit. Stops at once, since there is nothing to save.
stop_postgres() {
    if [[ -n $postgres_pid ]]; then
        kill -QUIT "$postgres_pid" 2>/dev/null || true
        wait "$postgres_pid" || true
    fi
    if [[ -n $postgres_folder ]]; then
        rm -rf -- "$postgres_folder"
    fi
}
