# shellcheck shell=bash
# A NATS server with JetStream for the tests: the one that answers already, or else a private one on a loopback port of its
# own, which lives as long as the run and then disappears with its data.
#
# Exports TIEOUT_TEST_NATS, its address.

nats_folder=
nats_pid=
nats_port=

provide_nats() {
    export TIEOUT_TEST_NATS=${TIEOUT_TEST_NATS:-nats://127.0.0.1:4222}
    # The server speaks first, and says whether it has JetStream.
    if answers "$(host_of "$TIEOUT_TEST_NATS")" 'PING' '"jetstream":true'; then
        say "NATS: using $(host_of "$TIEOUT_TEST_NATS")"
        return
    fi
    start_nats
    TIEOUT_TEST_NATS=nats://127.0.0.1:$nats_port
    say "NATS: none to use, started a private one on port $nats_port"
}

nats_can_be_had() {
    command -v nats-server >/dev/null
}

start_nats() {
    local as_server server_uid private_folder attempt
    lend_account nats KILL
    make_private_folder nats
    nats_folder=$private_folder
    for attempt in {1..20}; do
        nats_port=$((20000 + RANDOM % 12000))
        "${as_server[@]}" nats-server --addr 127.0.0.1 --port "$nats_port" --jetstream --store_dir "$nats_folder" \
            >/dev/null 2>&1 &
        nats_pid=$!
        if comes_up "$nats_pid" "127.0.0.1:$nats_port" 'PING' '"jetstream":true'; then
            return
        fi
    done
    fail "NATS did not start in $attempt attempts"
}

stop_nats() {
    stop_server "$nats_pid"
    if [[ -n $nats_folder ]]; then
        rm -rf -- "$nats_folder"
    fi
}
