# shellcheck shell=bash
# The Debian packages that building and testing need. Installs nothing that is there already, and nothing
# at all without root.

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} == 0)); then
        return
    fi
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        fail "please install what is missing, then run this again; on Debian: sudo apt-get install ${missing[*]}"
    fi
    apt_install "${missing[@]}"
}

missing_packages() {
    command -v cc >/dev/null || printf '%s\n' gcc libc6-dev
    # The library of Kafka wants to see a compiler of C++ before it is built.
    command -v c++ >/dev/null || printf '%s\n' g++
    command -v make >/dev/null || printf '%s\n' make
    command -v pkg-config >/dev/null || printf '%s\n' pkg-config
    # What the library of Kafka is built against.
    [[ -e /usr/include/openssl/ssl.h ]] || printf '%s\n' libssl-dev
    [[ -e /usr/include/zlib.h ]] || printf '%s\n' zlib1g-dev
    find_python >/dev/null || printf '%s\n' python3 python3-venv
    node_can_be_had || printf '%s\n' nodejs npm
    postgres_can_be_had || printf '%s\n' postgresql
    mariadb_can_be_had || printf '%s\n' mariadb-server
    pgbouncer_program >/dev/null || printf '%s\n' pgbouncer
    redis_can_be_had || printf '%s\n' redis-server
    nats_can_be_had || printf '%s\n' nats-server
    rabbitmq_can_be_had || printf '%s\n' rabbitmq-server
    command -v strace >/dev/null || printf '%s\n' strace
    # What the transcripts of the documents call, and a terminal for tests.
    command -v sqlite3 >/dev/null || printf '%s\n' sqlite3
    command -v script >/dev/null || printf '%s\n' bsdutils
}

apt_install() {
    say "install $*"
    # Two runs at once take turns, and both wait for whoever else is using apt.
    local lock
    exec {lock}>"$target/test-packages.lock"
    flock "$lock"
    export DEBIAN_FRONTEND=noninteractive
    quietly apt-get -o DPkg::Lock::Timeout=600 update || fail "apt-get update failed"
    quietly apt-get -o DPkg::Lock::Timeout=600 install --yes --no-install-recommends "$@" ||
        fail "apt-get could not install $*"
    exec {lock}>&-
}
