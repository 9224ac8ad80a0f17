"""The services of a dev host, in /opt/sagestack/host there; they need boto3 and nothing else."""
