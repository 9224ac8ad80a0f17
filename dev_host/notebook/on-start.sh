#!/bin/bash
# At each start of the notebook instance: the R kernel, and what stops the instance when it is idle.
# For what it may do and how long it may take, see on-create.sh.
# The stack writes these assignments below the first line; IDLE_STOP is idle_stop.py, by gzip and
# base64.
: "${APP:?}" "${REGION:?}" "${NOTEBOOK:?}" "${IDLE_MINUTES:?}" "${IDLE_STOP:?}"
set -euo pipefail
folder=${SAGEMAKER_FOLDER:-/home/ec2-user/SageMaker}
home=${HOME_FOLDER:-/home/ec2-user}

as_user() { sudo -u ec2-user "$@"; }

# The environment is kept in the folder, Jupyter's knowledge of it is not. It takes minutes when it
# is made, so in the background; if that fails, the next start tries again.
as_user nohup bash "$folder/.sagestack/r-kernel.sh" "$APP" "$REGION" \
    >>"$folder/sagestack-r-kernel.log" 2>&1 &

# Which Python has boto3 differs by the platform's version.
for python in "$home/anaconda3/envs/JupyterSystemEnv/bin/python" \
    "$home/anaconda3/bin/python" /usr/bin/python3 "${PYTHON:-none}"; do
    if as_user "$python" -c 'import boto3' 2>/dev/null; then
        break
    fi
    python=
done
if [ -z "$python" ]; then
    # it would go on costing
    echo "no Python here has boto3, without which nothing stops this instance when it is idle"
    exit 1
fi
program=$folder/.sagestack/idle_stop.py
echo "$IDLE_STOP" | base64 --decode | gunzip | as_user tee "$program" >/dev/null
as_user nohup "$python" -u "$program" "$NOTEBOOK" "$REGION" "$IDLE_MINUTES" \
    >>"$folder/sagestack-idle-stop.log" 2>&1 &
