# shellcheck shell=bash
# What a run says: one line for each thing it does, and a closing summary. Decides nothing but the exit code.

summary=()
failed=()

say() {
    printf '==> %s\n' "$*"
}

fail() {
    printf '==> error: %s\n' "$*" >&2
    exit 1
}

# quietly COMMAND...: shows the output only when the command fails.
quietly() {
    local output
    if output=$("$@" 2>&1); then
        return
    fi
    printf '%s\n' "$output" >&2
    return 1
}

# check NAME COMMAND...: runs one check. The run goes on after a failure, to show all of them at once.
check() {
    local name=$1 started=$SECONDS outcome=ok
    shift
    say "$name"
    if ! "$@"; then
        outcome=FAILED
        failed+=("$name")
    fi
    summary+=("$(printf '%-11s %-8s %5ds' "$name" "$outcome" $((SECONDS - started)))")
}

# not_checked NAME REASON: for a check whose tool is optional.
not_checked() {
    say "$1: NOT CHECKED, $2"
    summary+=("$(printf '%-11s NOT CHECKED: %s' "$1" "$2")")
}

report() {
    say summary
    printf '    %s\n' "${summary[@]}"
    if ((${#failed[@]})); then
        fail "failed after ${SECONDS}s: ${failed[*]}"
    fi
    say "all checks passed in ${SECONDS}s"
}
