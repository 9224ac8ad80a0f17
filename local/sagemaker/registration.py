"""The service's entries in MiniStack's dictionaries."""

from typing import Any, cast

from ministack import app
from ministack.core import responses, router

from local.run_directory import RunDirectory
from local.sagemaker import cloudformation
from local.sagemaker.notebook import cloudformation as notebook
from local.sagemaker.service import SageMaker


def register(run: RunDirectory) -> SageMaker:
    """Add SageMaker and its CloudFormation types to the imported MiniStack."""
    service = SageMaker(run)
    router.SERVICE_PATTERNS["sagemaker"] = {"target_prefixes": ["SageMaker."], "host_patterns": []}
    app.SERVICE_REGISTRY["sagemaker"] = {"module": "sagemaker"}
    app.SERVICE_HANDLERS["sagemaker"] = service.handle_request
    app._loaded_modules["sagemaker"] = cast(Any, service)  # its reset() is called from there
    # MiniStack would make every JSON answer the control plane's media type, as if no container had
    # said what it sends; without a model of the service it leaves the header alone.
    responses._BOTOCORE_NAME["sagemaker"] = "no-model"
    cloudformation.register(service)
    notebook.register(service)
    return service
