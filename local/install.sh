#!/bin/sh
# Sets up what a checkout needs and says what it does. usage: local/install.sh <what>
#   base     .venv with the pinned Python packages and Node.js, the CDK CLI, the boto3 layer, builtin
#   builtin  XGBoost, for what stands in for SageMaker's own on the embedded AWS
#   r        R, Python and their libraries, as all apt-packages.txt name them, to run natively
#   packages <folder>   those of one container's
#   bench    what the benchmarks send requests with, and are compared with
#   test     what the tests need: R's packages for tests, a browser, the SageMaker SDK's tables
set -eu
cd "$(dirname "$0")/.."

if [ -t 2 ]; then dim='\033[2m' plain='\033[0m'; else dim='' plain=''; fi
say() { printf "$dim· %s$plain\n" "$*" >&2; }
fail() { printf '%s\n' "$*" >&2; exit 2; }

# Install Debian packages, where this user may; otherwise name the one command to type.
apt_install() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null ||
        fail "sagestack needs$missing (Debian's names): install them and start again."
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "sagestack needs$missing. Type this, then start again:

    sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing"
        as_root="sudo"
    fi
    say "installing$missing"
    log=$(mktemp)
    if ! { $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            -o DPkg::Lock::Timeout=300 $missing; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install$missing"
    fi
    rm -f "$log"
}

# The packages that lists name, one a line, with comments.
named() { sed 's/#.*//' "$@"; }

# Unpack locked packages, and nothing that they depend on, into a folder of their own.
unpack() {
    rm -rf "$1"
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
        --no-compile --target "$1" -r "$2"
    rm -rf "$1/bin"
}

base() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "sagestack needs Python 3.11 or newer; this is $(python3 --version)"
    if [ ! -x .venv/bin/pip ]; then
        say "making .venv"
        python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
        python3 -m venv --clear .venv
    fi
    say "installing the pinned Python packages and Node.js (a minute or two)"
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    # synth is four times slower without bytecode
    PYTHONDONTWRITEBYTECODE='' .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null ||
        say "some packages could not be compiled to bytecode: a synth may take longer"
    say "installing the CDK command line"
    # without scripts: Swagger UI's only one would tell its makers of the installation
    PATH="$PWD/.venv/bin:$PATH" .venv/bin/npm ci --silent --no-audit --no-fund --ignore-scripts
    # otherwise the first synth would unpack it, for some seconds more
    say "unpacking the CDK for Node.js, where jsii keeps it"
    PATH="$PWD/.venv/bin:$PATH" .venv/bin/python -c \
        'import aws_cdk.app_staging_synthesizer_alpha, cdk_nag'
    say "installing boto3 for the Lambda functions"
    unpack build/boto3-layer/python lambda/requirements.lock
    # once here, and not at each synth and each deploy
    (cd build/boto3-layer && ../../.venv/bin/python -m zipfile -c ../boto3-layer.zip python)
    rm -rf build/boto3-layer
    say "packing what the API's authorizer verifies tokens with"
    rm -rf build/nodejs build/jwt-layer.zip && mkdir -p build/nodejs/node_modules
    cp -R node_modules/aws-jwt-verify build/nodejs/node_modules/
    (cd build && ../.venv/bin/python -m zipfile -c jwt-layer.zip nodejs && rm -rf nodejs)
    builtin
}

# What stands in for SageMaker's built-in algorithms on the embedded AWS.
builtin() {
    for lock in local/builtin/*/requirements.lock; do
        name=$(basename "$(dirname "$lock")")
        say "unpacking what stands in for $name on the embedded AWS"
        unpack "build/builtin/$name" "$lock"
    done
}

case "${1:-}" in
base) base ;;
r)
    apt_install $(named container/*/apt-packages.txt container/toolkit/*/apt-packages.txt \
        local/builtin/*/apt-packages.txt)
    ;;
packages) apt_install $(named $(find -L "$2" -name apt-packages.txt) /dev/null) ;;
builtin) builtin ;;
bench)
    apt_install wrk
    [ -f build/bench/bjoern.tar.gz ] || {
        say "fetching bjoern, for what the containers are compared with"
        rm -rf build/bench && mkdir -p build/bench
        .venv/bin/pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
            --no-binary :all: --dest build/bench -r benchmarks/peers/bottle/requirements.lock
        mv build/bench/bjoern-*.tar.gz build/bench/bjoern.tar.gz
    }
    ;;
test)
    apt_install r-cran-lintr r-cran-testthat r-cran-curl curl python3-pytest python3-hypothesis \
        shellcheck chromium chromium-driver $(named dev_host/apt-packages.txt)
    say "installing what the tests of the API need"
    .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes \
        -r tests/e2e/requirements.lock
    say "unpacking the SageMaker SDK, whose tables the tests compare with"
    unpack build/sagemaker-sdk tests/requirements.lock
    say "fetching CloudFormation's helper scripts, for the machines of the tests"
    rm -rf build/aws-cfn-bootstrap
    .venv/bin/pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
        --no-binary :all: --dest build/aws-cfn-bootstrap -r tests/dev_host/requirements.lock
    ;;
*) fail "usage: local/install.sh base | r | packages <folder> | builtin | bench | test" ;;
esac
