"""What `make` does with a deployed app: submits jobs, follows them, removes stacks."""
