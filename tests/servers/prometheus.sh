# shellcheck shell=bash
# Prometheus and its promtool, which judge the alerts and the dashboard: those that are installed, or else Debian's package unpacked into
# the target folder, for which nobody has to be root. tests/alerts/run starts its own; nothing is started here.
#
# Exports TIEOUT_TEST_PROMETHEUS, the folder with both programs.

provide_prometheus() {
    TIEOUT_TEST_PROMETHEUS=$(installed_prometheus) || unpack_prometheus "$target/test-prometheus"
    export TIEOUT_TEST_PROMETHEUS
}

installed_prometheus() {
    local promtool
    promtool=$(command -v promtool) && command -v prometheus >/dev/null && dirname "$promtool"
}

# Runs that start together unpack once: the others wait for the lock and find the stamp.
unpack_prometheus() {
    local folder=$1 lock
    mkdir -p "$folder"
    exec {lock}>"$folder.lock"
    flock "$lock"
    if [[ ! -e $folder/complete ]]; then
        say "unpack Debian's prometheus into $folder"
        (cd "$folder" && download_prometheus && dpkg -x prometheus_*.deb . && rm prometheus_*.deb) ||
            fail "no prometheus: apt-get install prometheus"
        touch "$folder/complete"
    fi
    exec {lock}>&-
    TIEOUT_TEST_PROMETHEUS=$folder/usr/bin
}

# A host that has no lists of packages yet needs them first, for which somebody has to be root.
download_prometheus() {
    apt-get download prometheus >/dev/null 2>&1 || { quietly apt-get update && quietly apt-get download prometheus; }
}
