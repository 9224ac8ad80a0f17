"""Jobs beside a deploy: `make train` and `make transform` submit one more, `make logs` follows."""
