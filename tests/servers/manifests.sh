# shellcheck shell=bash
# What judges the manifests: helm and kubectl from the package of tests/manifests, and the programs of tests/requirements-manifests.txt.
# They only read files. Where they cannot be had the run ends: manifests that nobody looked at are not checked.
#
# Exports TIEOUT_TEST_HELM, TIEOUT_TEST_KUBECTL, and TIEOUT_TEST_MANIFESTS, the folder with the other programs.

provide_manifests() {
    local folder made
    build_venv "$(find_python)" test-manifests tests/requirements-manifests.txt "kubernetes-validate, hadolint and compose-spec"
    export TIEOUT_TEST_MANIFESTS="$made/bin"
    folder="$target/test-kubectl/$(sha256sum tests/manifests/package-lock.json | cut --characters=1-12)"
    unpack_kubectl "$folder"
    export TIEOUT_TEST_HELM="$folder/helm/helm" TIEOUT_TEST_KUBECTL="$folder/kubectl/kubectl"
}

# Runs that start together install once: the others wait for the lock and find the stamp. No script of the package is run.
unpack_kubectl() {
    local folder=$1 lock
    mkdir -p "$folder"
    exec {lock}>"$folder.lock"
    flock "$lock"
    if [[ ! -e $folder/complete ]]; then
        say "install helm and kubectl into $folder"
        cp tests/manifests/{package.json,package-lock.json,.npmrc} "$folder"
        quietly npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund ||
            fail "npm could not install tests/manifests/package-lock.json"
        "$(find_python)" -m zipfile --extract "$folder"/node_modules/@aws-cdk/*/lib/layer.zip "$folder" ||
            fail "the package of kubectl holds no layer.zip"
        rm -r "$folder/node_modules"
        chmod +x "$folder/helm/helm" "$folder/kubectl/kubectl"
        touch "$folder/complete"
    fi
    exec {lock}>&-
}
