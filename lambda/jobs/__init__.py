"""The custom resources of a workload's stack: a training job, and the check of an endpoint."""
