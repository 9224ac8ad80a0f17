"""SageMaker's training jobs, models and endpoints, which really run their containers here."""
