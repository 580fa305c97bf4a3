# shellcheck shell=bash
# What builds the image of deploy/Dockerfile and runs it: podman, with a store of its own that is taken away again, so that no other image or
# container of this machine is seen or changed; and the image that the Dockerfile begins with. Where its registry does not answer, one is made:
# the same Debian from Debian's mirror, the Rust that is installed here, and the crates that are.
#
# Exports TIEOUT_TEST_PODMAN, the command with its options, TIEOUT_TEST_IMAGE_BUILD, the options of a build, and TIEOUT_TEST_IMAGE_RUN, those of
# a container; or else sets `image_missing` to what to do.

image_missing=
image_folder=

provide_image() {
    local shipped
    image_folder=$target/test-image
    install_podman || return 0
    make_image_store
    shipped=$(sed --quiet 's/^ARG RUST_IMAGE=//p' deploy/Dockerfile)
    if "${podman[@]}" pull --quiet "$shipped" >/dev/null 2>&1; then
        say "image: begins with $shipped"
        TIEOUT_TEST_IMAGE_BUILD="--build-arg RUST_IMAGE=$shipped"
    else
        make_rust_image "${shipped##*-}" || return 0
        say "image: the registry of $shipped does not answer, made one from Debian ${shipped##*-} and $(rustc --version)"
    fi
    find_container_runtime || return 0
    export TIEOUT_TEST_PODMAN="${podman[*]}" TIEOUT_TEST_IMAGE_BUILD TIEOUT_TEST_IMAGE_RUN="${limits[*]}"
}

# runc is for where crun does not take the machine's control groups.
install_podman() {
    command -v podman >/dev/null && command -v mmdebstrap >/dev/null && command -v openssl >/dev/null && return
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        image_missing="podman, mmdebstrap or openssl is missing; on Debian: sudo apt-get install podman crun runc uidmap mmdebstrap openssl"
        return 1
    fi
    apt_install podman crun runc uidmap mmdebstrap openssl
}

# What a run that was killed has left behind goes first. Limits are those that everybody may set.
make_image_store() {
    podman=(podman --root "$image_folder/storage" --runroot "$image_folder/run" --cgroup-manager cgroupfs)
    remove_image_store
    mkdir -p "$image_folder"
    limits=(--ulimit nofile=1024:1024 --ulimit nproc=1024:1024)
}

# make_rust_image SUITE: as localhost/rust. It has no way to a registry of crates and needs none.
make_rust_image() {
    local tar=$image_folder/rust.tar sysroot home=${CARGO_HOME:-$HOME/.cargo} said
    sysroot=$(rustc --print sysroot)
    # shellcheck disable=SC2016 # $1 is for the shell that runs the hook
    if ! said=$(mmdebstrap --quiet --variant=minbase --include=ca-certificates --customize-hook='mkdir -p "$1/usr/local/rust"' \
        --customize-hook="copy-in $sysroot/bin $sysroot/lib /usr/local/rust" "$1" "$tar" 2>&1); then
        image_missing="neither the registry of the Rust image nor Debian's mirror answers: $(tail --lines=1 <<<"$said")"
        return 1
    fi
    if ! said=$("${podman[@]}" import --quiet --change 'ENV PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'ENV CARGO_HOME=/usr/local/cargo' --change 'ENV CARGO_NET_OFFLINE=true' "$tar" localhost/rust 2>&1 && "$cargo" fetch --quiet --locked 2>&1); then
        image_missing="an image with Rust cannot be made: $said"
        return 1
    fi
    rm "$tar"
    TIEOUT_TEST_IMAGE_BUILD="--build-arg RUST_IMAGE=localhost/rust --volume $home/registry:/usr/local/cargo/registry"
    if [[ -e $home/config.toml ]]; then
        TIEOUT_TEST_IMAGE_BUILD+=" --volume $home/config.toml:/usr/local/cargo/config.toml:ro"
    fi
}

# Adds the first runtime that can start a container here.
find_container_runtime() {
    local runtime said with
    with=${TIEOUT_TEST_IMAGE_BUILD#*RUST_IMAGE=}
    with=${with%% *}
    for runtime in crun runc; do
        if said=$("${podman[@]}" --runtime "$runtime" run --rm "${limits[@]}" --network none "$with" true 2>&1); then
            podman+=(--runtime "$runtime")
            return
        fi
    done
    image_missing="no container can be started here: $said"
    return 1
}

# Containers of others are in other stores. Files of a store may belong to numbers that only podman may remove for us.
remove_image_store() {
    [[ -n $image_folder && -e $image_folder ]] || return 0
    "${podman[@]}" rm --all --force --time 0 >/dev/null 2>&1 || true
    "${podman[@]}" image umount --all >/dev/null 2>&1 || true
    if ((EUID == 0)); then rm -rf -- "$image_folder"; else podman unshare rm -rf -- "$image_folder"; fi
}
