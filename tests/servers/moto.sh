# shellcheck shell=bash
# A moto, which simulates SQS, SNS and EventBridge, for the tests: the one that answers already, or else a private one on a loopback port
# of its own, which lives as long as the run. It keeps everything in memory.
#
# Exports TIEOUT_TEST_MOTO, its address.

moto_pid=
moto_port=

provide_moto() {
    export TIEOUT_TEST_MOTO=${TIEOUT_TEST_MOTO:-http://127.0.0.1:5000}
    if answers "$(host_of "$TIEOUT_TEST_MOTO")" $'GET / HTTP/1.0\r\n' 'amazon.com'; then
        say "moto: using $(host_of "$TIEOUT_TEST_MOTO")"
        return
    fi
    start_moto
    TIEOUT_TEST_MOTO=http://127.0.0.1:$moto_port
    say "moto: none to use, started a private one on port $moto_port"
}

# It needs no account of its own: it writes nothing and reads what the run has installed, which another account may be barred from.
start_moto() {
    local attempt
    for attempt in {1..20}; do
        moto_port=$((20000 + RANDOM % 12000))
        setpriv --pdeathsig KILL "$TIEOUT_TEST_MOTO_SERVER" -H 127.0.0.1 -p "$moto_port" >/dev/null 2>&1 &
        moto_pid=$!
        if comes_up "$moto_pid" "127.0.0.1:$moto_port" $'GET / HTTP/1.0\r\n' 'amazon.com'; then
            return
        fi
    done
    fail "moto did not start in $attempt attempts"
}

stop_moto() {
    stop_server "$moto_pid"
}
