"""The `docker` command, for machines."""

import subprocess


def docker(*arguments: str, stdin: bytes | None = None) -> str:
    """Run docker. Raises RuntimeError with what it said."""
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"docker {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout.decode().strip()
