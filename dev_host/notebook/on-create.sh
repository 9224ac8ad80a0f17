#!/bin/bash
# Once, when the notebook instance is created: lays down what makes the R kernel. on-start.sh, which
# follows at once, runs it in the background, as conda takes longer than a script may.
# As every script of a lifecycle configuration it runs as root, whatever its users may; has at most
# 16,384 characters of base64, and 5 minutes:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_NotebookInstanceLifecycleHook.html
set -euo pipefail
# what is not in this folder is gone when the instance stops
folder=${SAGEMAKER_FOLDER:-/home/ec2-user/SageMaker}

# What users can write runs as they do: as root it would be their way around the access they lack.
as_user() { sudo -u ec2-user "$@"; }

as_user mkdir -p "$folder/.sagestack"
as_user tee "$folder/.sagestack/r-kernel.sh" >/dev/null <<'SCRIPT'
#!/bin/bash
# Makes R's conda environment unless it is there, and tells Jupyter of it; at each start.
set -euo pipefail
folder=${SAGEMAKER_FOLDER:-/home/ec2-user/SageMaker}
home=${HOME_FOLDER:-/home/ec2-user}
environment=$folder/.sagestack/r
# a start may follow while the one before is still at work
exec 9>"$folder/.sagestack/r-kernel.lock"
flock 9
if [ ! -e "$environment/complete" ]; then
    echo "$(date -u +%FT%TZ) making R's environment"
    rm -rf "$environment"
    "${CONDA:-$home/anaconda3/bin/conda}" create --yes --quiet --prefix "$environment" \
        --override-channels --channel conda-forge \
        'r-base=4.4.*' 'r-irkernel=1.3.*' 'r-reticulate=1.40.*' 'r-jsonlite=1.8.*' \
        'python=3.12.*' 'boto3=1.35.*'
    touch "$environment/complete"
fi
kernel=$home/.local/share/jupyter/kernels/sagestack-r
mkdir -p "$kernel"
cat >"$kernel/kernel.json" <<JSON
{
  "argv": [
    "$environment/bin/R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"
  ],
  "display_name": "R (sagestack)",
  "language": "R",
  "env": {
    "PATH": "$environment/bin:/usr/bin:/bin",
    "RETICULATE_PYTHON": "$environment/bin/python",
    "SAGESTACK_APP": "$1",
    "AWS_DEFAULT_REGION": "$2"
  }
}
JSON
echo "$(date -u +%FT%TZ) Jupyter has the kernel R (sagestack)"
SCRIPT
