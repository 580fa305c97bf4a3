# shellcheck shell=bash
# The pinned packages of tests/node, in a folder of their own: the official parser of AsyncAPI, the schemas of Backstage, and what
# providers verify their webhooks with. Nothing of them is linked into tieout.
#
# Exports TIEOUT_TEST_NODE_FOLDER, the folder that they are in.

readonly oldest_node=18

provide_node() {
    node_can_be_had || fail "no Node.js $oldest_node or newer with npm: apt-get install nodejs npm"
    # The folder is named for what is in it, so a finished one is never rebuilt under a run that uses it.
    local folder
    folder="$target/test-node/$(cat tests/node/package-lock.json <(node --version) | sha256sum | cut --characters=1-12)"
    install_node_packages "$folder"
    export TIEOUT_TEST_NODE_FOLDER="$folder"
}

node_can_be_had() {
    command -v npm >/dev/null && node --eval "process.exit(parseInt(process.versions.node) >= $oldest_node ? 0 : 1)" 2>/dev/null
}

# Runs that start together install once: the others wait for the lock and find the stamp. No script of a package is run.
install_node_packages() {
    local folder=$1 lock
    mkdir -p "$folder"
    exec {lock}>"$folder.lock"
    flock "$lock"
    if [[ ! -e $folder/complete ]]; then
        say "install the packages of tests/node into $folder"
        cp tests/node/package.json tests/node/package-lock.json "$folder"
        quietly npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund ||
            fail "npm could not install tests/node/package-lock.json"
        touch "$folder/complete"
    fi
    exec {lock}>&-
}
