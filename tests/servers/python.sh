# shellcheck shell=bash
# Virtual environments with the pinned programs of tests/requirements.txt and tests/requirements-moto.txt, which agree on no versions of
# what they lean on. Each test starts its own fake provider from the first, on its own port; nothing is started here.
#
# Exports TIEOUT_TEST_LOCALSTRIPE_PYTHON, the interpreter that can import localstripe and aiosmtpd, and TIEOUT_TEST_MOTO_SERVER, the program that
# simulates AWS.

provide_python() {
    local python made
    python=$(find_python) || fail "no python3 with the venv module: apt-get install python3 python3-venv"
    build_venv "$python" test-moto tests/requirements-moto.txt moto
    "$made/bin/python" -c 'import moto.server' || fail "moto cannot be imported; remove $made and try again"
    export TIEOUT_TEST_MOTO_SERVER="$made/bin/moto_server"

    build_venv "$python" test-venv tests/requirements.txt "localstripe, aiosmtpd, tansu, typos and shellcheck"
    venv=$made
    "$venv/bin/python" -c 'import aiohttp.web, aiosmtpd.smtp, localstripe.server' ||
        fail "localstripe or aiosmtpd cannot be imported; remove $venv and try again"
    export TIEOUT_TEST_LOCALSTRIPE_PYTHON="$venv/bin/python"
}

find_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

venv_digest() {
    { "$1" -c 'import sys; print(sys.version, sys.base_prefix)' && cat "$2"; } | sha256sum | cut --characters=1-12
}

# build_venv PYTHON BASE REQUIREMENTS WHAT: sets `made`, a folder in a base. It is named for what is in it, so a finished one is never rebuilt under a run
# that uses it. Runs that start together build it once: the others wait for the lock and find the stamp.
build_venv() {
    local python=$1 base=$target/$2 requirements=$3 what=$4 lock
    made="$base/$(venv_digest "$python" "$requirements")"
    mkdir -p "$base"
    exec {lock}>"$made.lock"
    flock "$lock"
    if [[ ! -e $made/complete ]]; then
        say "install $what into $made"
        quietly "$python" -m venv --clear "$made" || fail "could not create a virtual environment"
        quietly "$made/bin/python" -m pip install --disable-pip-version-check \
            --requirement "$requirements" || fail "pip could not install $requirements"
        touch "$made/complete"
    fi
    exec {lock}>&-
}
