# shellcheck shell=bash
# Builds the programs that judge tieout, in such a way that what is built for one of them, or for the tests, is built for all.

# build_programs FEATURES NAME...: makes programs of this workspace; FEATURES are further ones, parted by commas.
build_programs() {
    local features=$1 name programs=()
    shift
    for name in "$@"; do programs+=(--bin "$name"); done
    # The whole workspace, every broker and a test: with these, cargo gives each library the features that the tests need of it.
    # Another choice would build hundreds of libraries a second time.
    "${CARGO:-cargo}" build --quiet --locked --workspace --features "tieout/full,$features" \
        "${programs[@]}" --test adversarial
}
