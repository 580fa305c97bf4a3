# shellcheck shell=bash
# What every server needs that a run starts for itself: an account that is not root, and a folder that goes with the run.

# lend_account NAME [SIGNAL]: sets `as_server`, the words before a server's command, and `server_uid`. The kernel ends the server
# by that signal (default: QUIT) when this shell dies in any way, `kill -9` included. Servers refuse to run as root, so root lends
# them another account.
lend_account() {
    as_server=(setpriv --pdeathsig "${2:-QUIT}")
    if ((EUID == 0)); then
        local account=$1
        id "$account" >/dev/null 2>&1 || account=nobody
        as_server+=("--reuid=$account" "--regid=$(id --group "$account")" --clear-groups)
    fi
    as_server+=(env --chdir=/)
    server_uid=$("${as_server[@]}" id --user)
}

# make_private_folder NAME: sets `private_folder`. The server's account may be barred from the checkout (say, in /root);
# then /tmp serves as well.
make_private_folder() {
    local base
    for base in "$target/test-servers/$1" "${TMPDIR:-/tmp}"; do
        mkdir -p "$base"
        remove_leftovers "$base" "$1"
        private_folder=$(mktemp --directory "$base/tieout-$1.XXXXXX")
        "${as_server[@]}" test -x "$base" && break
        rmdir "$private_folder"
    done
    chown "$server_uid" "$private_folder"
}

# A run that was killed leaves its data, though never its server.
remove_leftovers() {
    find "$1" -maxdepth 1 -type d -name "tieout-$2.*" -user "$server_uid" -mtime +1 -exec rm -rf -- {} + || true
}
