"""The custom resources of the stacks: every kind of job, the wait for it, its gate, and more.

handler         where they enter: one table from resource type to module
job_resource    starts a job, or finds the one there is, and undoes it; kinds/ says what differs
job_wait        waits for it for one more hour; job_progress is the wait of both
smoke_answer    judges what a model answered the check; async_smoke asks it by way of S3
quality_gate    lets a model pass, or not; serving_model finds the one to compare it with
update_check    refuses what SageMaker would not make of an endpoint; serving_variants are its own
endpoint_check  proves that an endpoint runs what was asked for
variant_scaling scales its variants; scalable_variant is one of them
job_clean_up    leaves nothing of the app's jobs
"""
