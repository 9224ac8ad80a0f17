#!/bin/bash
# Lays the project's files into the user's home, beside what is there: nobody's edits are lost.
set -euo pipefail
home=/home/rstudio
mkdir -p "$home/sagestack" "$home/.docker"
cp --recursive --update=none /opt/sagestack/project/. "$home/sagestack/"
[ -e "$home/.docker/config.json" ] || echo '{"credsStore": "ecr-login"}' >"$home/.docker/config.json"
chown --recursive rstudio:rstudio "$home/sagestack" "$home/.docker"
