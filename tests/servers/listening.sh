# shellcheck shell=bash
# Whether a server listens that has no client at hand, and its end.

# host_of URL: its host and port.
host_of() {
    local rest=${1#*://}
    rest=${rest##*@}
    echo "${rest%%[/?]*}"
}

# answers HOST:PORT WORD ANSWER: whether whoever listens there says ANSWER first, by itself or once it was told WORD. One read, because
# some hang up at once.
answers() {
    # shellcheck disable=SC2016 # The inner shell has its own arguments.
    timeout 3 bash -c 'exec 3<>"/dev/tcp/${1%:*}/${1##*:}" && printf "%s\r\n" "$2" >&3 &&
        dd bs=64K count=1 status=none <&3 | grep --text --quiet --fixed-strings -- "$3"' answers "$@" 2>/dev/null
}

# comes_up PID HOST:PORT WORD ANSWER: waits until the server of a process answers; fails once the process has ended.
comes_up() {
    local pid=$1
    shift
    until answers "$@"; do
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.1
    done
}

# stop_server PID [SIGNAL]: at once, since there is nothing to save. Where a shell starts something beside itself, that ignores QUIT.
stop_server() {
    if [[ -n $1 ]]; then
        kill "-${2:-KILL}" "$1" 2>/dev/null || true
        { wait "$1" || true; } 2>/dev/null
    fi
}
