# shellcheck shell=bash
# A virtual environment with the pinned programs of tests/requirements.txt. Each test starts its own fake
# provider from it, on its own port; nothing is started here.
#
# Exports TIEOUT_TEST_LOCALSTRIPE_PYTHON, the interpreter that can import localstripe.

provide_python() {
    local python
    python=$(find_python) || fail "no python3 with the venv module: apt-get install python3 python3-venv"
    # The folder is named for what is in it, so a finished one is never rebuilt under a run that uses it.
    venv="$target/test-venv/$(venv_digest "$python")"
    build_venv "$python"

    "$venv/bin/python" -c 'import aiohttp.web, localstripe.server' ||
        fail "localstripe cannot be imported; remove $venv and try again"
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
    { "$1" -c 'import sys; print(sys.version, sys.base_prefix)' && cat tests/requirements.txt; } |
        sha256sum | cut --characters=1-12
}

# Runs that start together build it once: the others wait for the lock and find the stamp.
build_venv() {
    local python=$1 lock
    mkdir -p "$target/test-venv"
    exec {lock}>"$venv.lock"
    flock "$lock"
    if [[ ! -e $venv/complete ]]; then
        say "install localstripe, typos and shellcheck into $venv"
        quietly "$python" -m venv --clear "$venv" || fail "could not create a virtual environment"
        quietly "$venv/bin/python" -m pip install --disable-pip-version-check \
            --requirement tests/requirements.txt || fail "pip could not install tests/requirements.txt"
        touch "$venv/complete"
    fi
    exec {lock}>&-
}
