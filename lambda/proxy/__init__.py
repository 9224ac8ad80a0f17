"""The HTTP API in front of the endpoints: typed JSON or CSV in, the model's own answer out."""
