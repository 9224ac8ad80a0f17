"""A model of a workload: its roles, its training job, and the SageMaker Model made of both."""

from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from environments.schema import Environment
from stacks.container_images import ContainerImages
from stacks.job_role import JobRole
from stacks.log_groups import TRAINING_LOGS
from stacks.storage import Storage
from stacks.training_data import TrainingData
from stacks.training_job import TrainingJob
from workloads.schema import Model, Workload


class TrainedModel(Construct):
    """Trains `model` and registers what comes out of it; `model_name` is for the variants."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        workload: Workload,
        model: Model,
        storage: Storage,
        data: TrainingData,
        images: ContainerImages,
        endpoint_log_group: str,
        service_token: str,
    ) -> None:
        super().__init__(scope, construct_id)
        vpc = environment.vpc
        artifacts = f"{workload.name}/models/{construct_id}"
        training_role = JobRole(
            self,
            "TrainingRole",
            app_name=environment.name,
            description=f"Trains the model {construct_id} of {workload.name}",
            log_group=TRAINING_LOGS,
            vpc=vpc,
        )
        data.grant_read(training_role)
        training_role.write(storage, artifacts)
        self.training_job = TrainingJob(
            self,
            "Training",
            service_token=service_token,
            name_prefix=f"{environment.name}-{workload.name}-{construct_id}",
            revision=model.training.revision,
            request={
                "RoleArn": training_role.role_arn,
                "AlgorithmSpecification": {
                    "TrainingImage": images.uri(model.image, pulled_by=training_role),
                    "TrainingInputMode": "File",
                },
                "HyperParameters": dict(model.hyperparameters),
                "InputDataConfig": data.input_data_config(),
                "OutputDataConfig": {
                    "S3OutputPath": storage.bucket.s3_url_for_object(artifacts),
                    "KmsKeyId": storage.key.key_arn,
                },
                "ResourceConfig": {
                    "InstanceType": model.training.instance_type,
                    "InstanceCount": model.training.instance_count,
                    "VolumeSizeInGB": model.training.volume_size_gb,
                },
                "Tags": [
                    {"Key": key, "Value": value} for key, value in environment.all_tags.items()
                ],
                "StoppingCondition": {"MaxRuntimeInSeconds": model.training.max_runtime},
                **(
                    {
                        "VpcConfig": {
                            "Subnets": list(vpc.subnet_ids),
                            "SecurityGroupIds": list(vpc.security_group_ids),
                        }
                    }
                    if vpc
                    else {}
                ),
            },
        )
        self.training_job.node.add_dependency(training_role, data)
        serving_role = JobRole(
            self,
            "ServingRole",
            app_name=environment.name,
            description=f"Serves the model {construct_id} of {workload.name}",
            log_group=endpoint_log_group,
            vpc=vpc,
        )
        serving_role.read(storage, artifacts)
        self._model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=serving_role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=images.uri(model.image, pulled_by=serving_role),
                model_data_url=self.training_job.model_data_url,
            ),
            vpc_config=sagemaker.CfnModel.VpcConfigProperty(
                subnets=list(vpc.subnet_ids), security_group_ids=list(vpc.security_group_ids)
            )
            if vpc
            else None,
        )
        # CreateModel reads the image and the artifact with the role: its policies come first
        self._model.node.add_dependency(serving_role)

    @property
    def model_name(self) -> str:
        """The name that CloudFormation gave the SageMaker Model."""
        return self._model.attr_model_name
