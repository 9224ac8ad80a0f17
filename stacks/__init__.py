"""What is deployed: one stack of what all share, one per workload, and the API."""
