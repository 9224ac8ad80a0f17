"""The embedded AWS's EC2 instances: MiniStack's records, and what stands behind each."""
