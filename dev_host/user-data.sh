#!/bin/bash
# A dev host's first boot: CloudFormation's helper scripts, and cfn-init, which does all the rest.
# The stack writes these assignments below the first line.
: "${STACK:?}" "${REGION:?}" "${ROLE:?}" "${RESOURCE:?}" "${WAIT_CONDITION:?}"
: "${HELPERS_URL:?}" "${HELPERS_SHA256:?}"
set -euo pipefail
log=/var/log/sagestack-install.log
exec >>"$log" 2>&1
export DEBIAN_FRONTEND=noninteractive

# Tell CloudFormation how it ended. SignalResource has no place for a reason, so that goes to the
# wait condition, and first: the failure of the instance alone would not say why. It goes by curl,
# as the helper scripts may be what could not be installed.
ended() {
    status=$?
    set +e
    if [ "$status" -eq 0 ]; then
        verdict=SUCCESS reason="RStudio Server answers, R loads every package"
    else
        # cfn-init keeps what apt and its commands printed in logs of its own, each line with its time
        grep --no-messages '^E: ' /var/log/cfn-init.log
        sed 's/^[0-9-]* [0-9:,]* P[0-9]* \[[A-Z]*\]//; /[-=+*]\{20\}/d' /var/log/cfn-init-cmd.log |
            tail -n 10
        verdict=FAILURE reason=$(grep --text -v '^\s*$' "$log" | tail -n 14 | cut -c 1-240)
    fi
    echo "telling CloudFormation: $verdict"
    python3 -c 'import json, sys; print(json.dumps(dict(zip(
        ["Status", "Reason", "UniqueId", "Data"], [sys.argv[1], sys.argv[2][-1500:], "host", ""]))))' \
        "$verdict" "$reason" |
        curl --silent --show-error --fail --retry 5 --request PUT --header 'Content-Type:' \
            --data-binary @- "$WAIT_CONDITION"
    /opt/aws/bin/cfn-signal --exit-code "$status" \
        --stack "$STACK" --resource "$RESOURCE" --region "$REGION" --role "$ROLE"
}
trap ended EXIT

# Ubuntu upgrades itself soon after a boot, and holds apt's locks meanwhile.
systemctl stop apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service
cat >/etc/apt/apt.conf.d/90sagestack <<'CONF'
APT::Install-Recommends "false";
Acquire::Retries "5";
DPkg::Lock::Timeout "300";
CONF
apt-get -qq update
apt-get -qq install python3-pip python3-setuptools python3-venv python3-wheel >/dev/null

archive=$(mktemp --suffix .tar.gz)
curl --silent --show-error --fail --location --retry 5 --output "$archive" "$HELPERS_URL"
echo "$HELPERS_SHA256  $archive" | sha256sum --check --quiet
python3 -m venv --system-site-packages /opt/aws
/opt/aws/bin/pip install --quiet --no-index --no-deps --no-build-isolation "$archive"
rm "$archive"

/opt/aws/bin/cfn-init --verbose \
    --stack "$STACK" --resource "$RESOURCE" --region "$REGION" --role "$ROLE"
systemctl start apt-daily.timer apt-daily-upgrade.timer
