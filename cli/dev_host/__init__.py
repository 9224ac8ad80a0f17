"""What `make dev-host` and its like do with the machine to prototype on."""
