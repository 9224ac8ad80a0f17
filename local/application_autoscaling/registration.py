"""The service's entries in MiniStack's dictionaries."""

import os
from typing import Any, cast

from ministack import app
from ministack.core import router

from local.application_autoscaling.service import NAME, TARGET_PREFIX, ApplicationAutoScaling
from local.faults import Faults, Throttle
from local.sagemaker.service import SageMaker


def register(sagemaker: SageMaker) -> None:
    """Add Application Auto Scaling of that SageMaker to the imported MiniStack."""
    service = ApplicationAutoScaling(sagemaker, Throttle(Faults.of(os.environ).throttle))
    router.SERVICE_PATTERNS[NAME] = {"target_prefixes": [TARGET_PREFIX], "host_patterns": []}
    app.SERVICE_REGISTRY[NAME] = {"module": NAME}
    app.SERVICE_HANDLERS[NAME] = service.handle_request
    app._loaded_modules[NAME] = cast(Any, service)  # its reset() is called from there
