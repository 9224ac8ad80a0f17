#!/bin/bash
# Installs RStudio Server from where Posit publishes it. usage: install-rstudio.sh <url> <sha256>
set -euo pipefail
package=$(mktemp --suffix .deb)
trap 'rm -f "$package"' EXIT
curl --silent --show-error --fail --location --retry 5 --output "$package" "$1"
echo "$2  $package" | sha256sum --check --quiet
chmod a+r "$package"
# its configuration is there already: it must not listen on all addresses even for a moment
DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-confold install "$package"
systemctl enable rstudio-server
systemctl restart rstudio-server
