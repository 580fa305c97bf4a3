# shellcheck shell=bash
# A Redis for the tests: the one that answers already, or else a private one on a loopback port of its own, which lives as
# long as the run.
#
# Exports TIEOUT_TEST_REDIS, its address.

redis_pid=
redis_port=

provide_redis() {
    export TIEOUT_TEST_REDIS=${TIEOUT_TEST_REDIS:-redis://127.0.0.1:6379}
    if answers "$(host_of "$TIEOUT_TEST_REDIS")" 'PING' '+PONG'; then
        say "Redis: using $(host_of "$TIEOUT_TEST_REDIS")"
        return
    fi
    start_redis
    TIEOUT_TEST_REDIS=redis://127.0.0.1:$redis_port
    say "Redis: none to use, started a private one on port $redis_port"
}

redis_can_be_had() {
    command -v redis-server >/dev/null
}

start_redis() {
    local as_server server_uid attempt
    lend_account redis KILL
    for attempt in {1..20}; do
        redis_port=$((20000 + RANDOM % 12000))
        "${as_server[@]}" redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --dir /tmp \
            --dbfilename "tieout-$redis_port.rdb" >/dev/null 2>&1 &
        redis_pid=$!
        if comes_up "$redis_pid" "127.0.0.1:$redis_port" 'PING' '+PONG'; then
            return
        fi
    done
    fail "Redis did not start in $attempt attempts"
}

stop_redis() {
    stop_server "$redis_pid"
}
