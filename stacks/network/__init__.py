"""A VPC of the app's own, in which jobs and models run without a way to the internet."""
