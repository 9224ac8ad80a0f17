"""The data scientist's host: RStudio Server on EC2, or a SageMaker notebook instance."""
