# shellcheck shell=bash
# A RabbitMQ for the tests: the one that answers already, or else a private one on loopback ports of its own, which lives as
# long as the run and then disappears with its data.
#
# Exports TIEOUT_TEST_RABBITMQ, its address.

rabbitmq_folder=
rabbitmq_pid=
rabbitmq_port=
epmd_pid=

provide_rabbitmq() {
    export TIEOUT_TEST_RABBITMQ=${TIEOUT_TEST_RABBITMQ:-amqp://127.0.0.1:5672}
    # Whoever begins with eight other bytes is told which protocol is spoken here.
    if answers "$(host_of "$TIEOUT_TEST_RABBITMQ")" 'PING??' 'AMQP'; then
        say "RabbitMQ: using $(host_of "$TIEOUT_TEST_RABBITMQ")"
        return
    fi
    start_rabbitmq
    TIEOUT_TEST_RABBITMQ=amqp://127.0.0.1:$rabbitmq_port
    say "RabbitMQ: none to use, started a private one on port $rabbitmq_port"
}

# Debian's own command refuses every account but two.
rabbitmq_can_be_had() {
    [[ -x $(rabbitmq_program) ]]
}

rabbitmq_program() {
    echo /usr/lib/rabbitmq/bin/rabbitmq-server
}

start_rabbitmq() {
    local as_server server_uid private_folder attempt
    lend_account rabbitmq TERM
    make_private_folder rabbitmq
    rabbitmq_folder=$private_folder
    for attempt in {1..5}; do
        rabbitmq_port=$((20000 + RANDOM % 4000))
        if run_rabbitmq; then
            return
        fi
    done
    tail --lines=20 "$rabbitmq_folder/log" >&2
    fail "RabbitMQ did not start in $attempt attempts"
}

# The name server that it would start for itself listens everywhere, and outlives it.
run_rabbitmq() {
    local base=$rabbitmq_folder epmd_port=$((rabbitmq_port + 4000))
    "${as_server[@]}" epmd -address 127.0.0.1 -port "$epmd_port" >/dev/null 2>&1 &
    epmd_pid=$!
    printf 'listeners.tcp.1 = 127.0.0.1:%s\nloopback_users.guest = true\n' "$rabbitmq_port" >"$base/rabbitmq.conf"
    : >"$base/plugins"
    "${as_server[@]}" env HOME="$base" ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$epmd_port" \
        RABBITMQ_NODENAME="tieout-$rabbitmq_port@localhost" RABBITMQ_DIST_PORT=$((epmd_port + 4000)) \
        RABBITMQ_CONFIG_FILE="$base/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$base/plugins" \
        RABBITMQ_MNESIA_BASE="$base/mnesia" RABBITMQ_LOG_BASE="$base/logs" RABBITMQ_PID_FILE="$base/pid" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        "$(rabbitmq_program)" >"$base/log" 2>&1 &
    rabbitmq_pid=$!
    comes_up "$rabbitmq_pid" "127.0.0.1:$rabbitmq_port" 'PING??' 'AMQP' && return
    stop_server "$epmd_pid"
    return 1
}

stop_rabbitmq() {
    # What was started is a script, which ends the server itself when it is asked to.
    stop_server "$rabbitmq_pid" TERM
    stop_server "$epmd_pid"
    if [[ -n $rabbitmq_folder ]]; then
        rm -rf -- "$rabbitmq_folder"
    fi
}
