# shellcheck shell=bash
# Google's emulator of Pub/Sub for the tests: the one that answers already, or else a private one on a loopback port of its own, which
# lives as long as the run and forgets everything then. It is to be had from Google alone, with Google's packages, and needs Java. Where
# it is not installed its tests are left out, and the run says so.
#
# Exports TIEOUT_TEST_PUBSUB, its address, and TIEOUT_TEST_PUBSUB_EMULATOR, the program, or else sets `pubsub_missing` to what to do.

pubsub_missing=
pubsub_folder=
pubsub_pid=
pubsub_port=

# What tests/run leaves out where there is no emulator, as a part of the names of tests.
readonly pubsub_tests=brokers::pubsub::

provide_pubsub() {
    TIEOUT_TEST_PUBSUB_EMULATOR=$(pubsub_program) || {
        pubsub_missing="Google's emulator is missing: install google-cloud-cli-pubsub-emulator and a Java 17"
        return 0
    }
    export TIEOUT_TEST_PUBSUB_EMULATOR TIEOUT_TEST_PUBSUB=${TIEOUT_TEST_PUBSUB:-http://127.0.0.1:8085}
    # To whoever asks for nothing it answers with two letters and a line feed.
    if answers "$(host_of "$TIEOUT_TEST_PUBSUB")" $'GET / HTTP/1.0\r\n' 'content-length: 3'; then
        say "Pub/Sub: using $(host_of "$TIEOUT_TEST_PUBSUB")"
        return
    fi
    start_pubsub
    TIEOUT_TEST_PUBSUB=http://127.0.0.1:$pubsub_port
    say "Pub/Sub: none to use, started a private emulator on port $pubsub_port"
}

pubsub_program() {
    command -v java >/dev/null || return 1
    local root program
    for root in /usr/lib/google-cloud-sdk /usr/share/google-cloud-sdk /opt/google-cloud-sdk "$(gcloud_root)"; do
        program=$root/platform/pubsub-emulator/bin/cloud-pubsub-emulator
        if [[ -n $root && -x $program ]]; then
            echo "$program"
            return
        fi
    done
    return 1
}

# Where a `gcloud` that somebody unpacked keeps its components.
gcloud_root() {
    local gcloud
    gcloud=$(command -v gcloud) || return 0
    dirname "$(dirname "$(realpath "$gcloud")")"
}

start_pubsub() {
    local as_server server_uid private_folder attempt
    lend_account nobody KILL
    make_private_folder pubsub
    pubsub_folder=$private_folder
    for attempt in {1..20}; do
        pubsub_port=$((20000 + RANDOM % 12000))
        "${as_server[@]}" env JAVA_OPTS="-Djava.io.tmpdir=$pubsub_folder -XX:-UsePerfData" \
            "$TIEOUT_TEST_PUBSUB_EMULATOR" --host=127.0.0.1 --port="$pubsub_port" >/dev/null 2>&1 &
        pubsub_pid=$!
        if comes_up "$pubsub_pid" "127.0.0.1:$pubsub_port" $'GET / HTTP/1.0\r\n' 'content-length: 3'; then
            return
        fi
    done
    fail "Google's emulator of Pub/Sub did not start in $attempt attempts"
}

stop_pubsub() {
    stop_server "$pubsub_pid"
    if [[ -n $pubsub_folder ]]; then
        rm -rf -- "$pubsub_folder"
    fi
}
