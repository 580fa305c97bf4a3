# shellcheck shell=bash
# A MariaDB for the tests of the MySQL protocol: the one that answers already, untouched, or else a private one on a
# loopback port of its own, which lives as long as the run and then disappears with its data.
#
# Exports TIEOUT_TEST_MYSQL, the URL of a role that may create databases and users.

mariadb_folder=
mariadb_pid=
mariadb_port=

provide_mariadb() {
    local url
    if url=$(answering_mariadb); then
        local shown=${url##*@}
        say "MariaDB: using ${shown%%\?*}"
    else
        start_mariadb
        url="mysql://tieout@127.0.0.1:$mariadb_port"
        say "MariaDB: none to use, started a private one on port $mariadb_port"
    fi
    export TIEOUT_TEST_MYSQL=$url
}

# True when a server answers, or when one can be started from what is installed.
mariadb_can_be_had() {
    answering_mariadb >/dev/null || { mariadb_server && command -v mariadb-install-db; } >/dev/null
}

answering_mariadb() {
    local url=${TIEOUT_TEST_MYSQL:-mysql://root@127.0.0.1:3306}
    may_create_mysql_databases "$url" && echo "$url"
}

# The client takes no URL, so its parts are handed over one by one; the password by the environment, which `ps` does not show.
may_create_mysql_databases() {
    local client rest=${1#*://} login host password=
    client=$(command -v mariadb || command -v mysql) || return 1
    rest=${rest%%[/?]*}
    login=${rest%@*} host=${rest##*@}
    [[ $login == *:* ]] && password=${login#*:}
    [[ $(MYSQL_PWD=$password "$client" --no-defaults --connect-timeout=3 --user="${login%%:*}" --host="${host%:*}" \
        --port="$([[ $host == *:* ]] && echo "${host##*:}" || echo 3306)" --skip-column-names --batch \
        --execute="SELECT count(*) > 0 FROM information_schema.user_privileges WHERE privilege_type = 'CREATE USER'" \
        2>/dev/null) == 1 ]]
}

mariadb_server() {
    command -v mariadbd || command -v mysqld || { [[ -x /usr/sbin/mariadbd ]] && echo /usr/sbin/mariadbd; }
}

start_mariadb() {
    local server server_uid as_server private_folder attempt
    server=$(mariadb_server)
    lend_account mysql
    make_private_folder mariadb
    mariadb_folder=$private_folder
    quietly "${as_server[@]}" mariadb-install-db --no-defaults --datadir="$mariadb_folder/data" \
        --auth-root-authentication-method=normal --skip-test-db || fail "mariadb-install-db failed"
    # One statement a line.
    printf '%s\n' "CREATE USER tieout@127.0.0.1;" "GRANT ALL ON *.* TO tieout@127.0.0.1 WITH GRANT OPTION;" \
        >"$mariadb_folder/login.sql"
    # A port is free when the server could bind it, so there is no gap between asking and taking.
    for attempt in {1..20}; do
        mariadb_port=$((20000 + RANDOM % 12000))
        if mariadb_listens; then
            return
        fi
    done
    tail --lines=20 "$mariadb_folder/log" >&2
    fail "MariaDB did not start in $attempt attempts"
}

# Durability is switched off: the data never outlives the run.
mariadb_listens() {
    "${as_server[@]}" "$server" --no-defaults --datadir="$mariadb_folder/data" --bind-address=127.0.0.1 \
        --port="$mariadb_port" --socket="$mariadb_folder/socket" --pid-file="$mariadb_folder/pid" --skip-name-resolve \
        --init-file="$mariadb_folder/login.sql" --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 \
        --max-connections=300 >"$mariadb_folder/log" 2>&1 &
    mariadb_pid=$!
    # It writes this once it has its port and has run the file that makes the login.
    until grep --quiet --no-messages 'ready for connections' "$mariadb_folder/log"; do
        kill -0 "$mariadb_pid" 2>/dev/null || return 1
        sleep 0.1
    done
}

# Runs at every exit. Stops at once, since there is nothing to save.
stop_mariadb() {
    if [[ -n $mariadb_pid ]]; then
        kill -KILL "$mariadb_pid" 2>/dev/null || true
        wait "$mariadb_pid" 2>/dev/null || true
    fi
    if [[ -n $mariadb_folder ]]; then
        rm -rf -- "$mariadb_folder"
    fi
}
