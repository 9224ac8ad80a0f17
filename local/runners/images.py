"""Images in the local registry: pushed without an engine, pulled and unpacked without one.

Where there is no engine an image cannot be built. What the registry then holds is a real OCI image
whose only layer is the build context below /opt/program; a label says so.
"""

import gzip
import hashlib
import io
import json
import re
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from local.archives import unpack
from local.runners import ImageError

PROGRAM = "opt/program"
"""Where an image has its programs `train` and `serve`."""

MARKER_LABEL = "sagestack.build-context"
_ECR = re.compile(r"([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.")
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_UNPACKING = threading.Lock()
"""Several jobs may ask for the same image at once, as those of a tuning job do."""


class Reference(NamedTuple):
    """`<registry>/<repository>:<tag>`, or `@sha256:…` in place of the tag."""

    registry: str
    repository: str
    version: str

    @classmethod
    def parse(cls, uri: str) -> "Reference":
        """Split an image's URI. Raises ImageError if it names no registry."""
        registry, slash, rest = uri.partition("/")
        if not slash or not ("." in registry or ":" in registry):
            raise ImageError(f"{uri} names no registry")
        repository, at, digest = rest.partition("@")
        if at:
            return cls(registry, repository, digest)
        repository, _, tag = rest.partition(":")
        return cls(registry, repository, tag or "latest")

    def __str__(self) -> str:
        between = "@" if self.version.startswith("sha256:") else ":"
        return f"{self.registry}/{self.repository}{between}{self.version}"

    @property
    def account(self) -> str | None:
        """Whose registry of ECR it is; None where it is none of ECR's."""
        return found[1] if (found := _ECR.match(self.registry)) else None

    @property
    def region(self) -> str | None:
        """Where that registry is."""
        return found[2] if (found := _ECR.match(self.registry)) else None

    @property
    def image_id(self) -> dict[str, str]:
        """How ECR's operations name it."""
        kind = "imageDigest" if self.version.startswith("sha256:") else "imageTag"
        return {kind: self.version}


def layer_of(context: Path) -> bytes:
    """Pack a folder as an image's layer, the same bytes for the same content."""
    packed = io.BytesIO()
    with (
        # the registry is on this machine: quick is better than small
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for path in sorted(context.rglob("*")):
            tar.add(
                path,
                f"{PROGRAM}/{path.relative_to(context)}",
                recursive=False,
                filter=_without_origin,
            )
    return packed.getvalue()


def unpack_layer(layer: bytes, target: Path) -> None:
    """Unpack what a layer has below /opt/program into `target`."""
    with tarfile.open(fileobj=io.BytesIO(layer), mode="r:gz") as tar:
        members = [member for member in tar if member.name.startswith(f"{PROGRAM}/")]
        for member in members:
            member.name = member.name.removeprefix(f"{PROGRAM}/")
        unpack(tar, target, members)


def push(
    context: Path, endpoint: str, image: Reference, environment: Mapping[str, str] | None = None
) -> str:
    """Push a build context as an image to the registry at `endpoint`; return its digest.

    `environment` becomes the image's own, beside its PATH.
    """
    variables = {"PATH": f"/{PROGRAM}:/usr/local/bin:/usr/bin:/bin", **(environment or {})}
    layer = layer_of(context)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Env": [f"{name}={value}" for name, value in variables.items()],
                "Labels": {MARKER_LABEL: "true"},
                "WorkingDir": f"/{PROGRAM}",
            },
            "rootfs": {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]},
        },
        sort_keys=True,
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config),
            "layers": [_descriptor(_LAYER, layer)],
        },
        sort_keys=True,
    ).encode()
    base = f"{endpoint}/v2/{image.repository}"
    for blob in (layer, config):
        upload = f"{base}/blobs/uploads/?digest={_digest(blob)}"
        _request("POST", upload, blob, "application/octet-stream")
    _request("PUT", f"{base}/manifests/{image.version}", manifest, _MANIFEST)
    return _digest(manifest)


class PulledImage(NamedTuple):
    """An image's programs on this machine, and its own environment."""

    digest: str
    programs: Path
    environment: Mapping[str, str]


def pull(image: str, found: Mapping[str, Any], endpoint: str, cache: Path) -> PulledImage:
    """Unpack an image of the local registry below `cache`, once for each digest.

    `found` is what ECR's API says of it, asked with the role that runs the container, as SageMaker
    does. Raises ImageError when it is not readable, or really built.
    """
    reference = Reference.parse(image)
    digest = found["imageId"]["imageDigest"]
    target = cache / digest.replace(":", "-")
    manifest = json.loads(found["imageManifest"])
    blobs = f"{endpoint}/v2/{reference.repository}/blobs"
    config = json.loads(_request("GET", f"{blobs}/{manifest['config']['digest']}")).get(
        "config", {}
    )
    if MARKER_LABEL not in (config.get("Labels") or {}):
        raise ImageError(
            f"image {image} was built by Docker and needs Docker to run; without an engine only "
            "images that this machine pushed without one can run"
        )
    with _UNPACKING:
        if not target.exists():
            layers = [_request("GET", f"{blobs}/{each['digest']}") for each in manifest["layers"]]
            _unpack_whole(layers, target)
    environment = dict(variable.split("=", 1) for variable in config["Env"])
    return PulledImage(digest, target, environment)


def _unpack_whole(layers: Sequence[bytes], target: Path) -> None:
    """Unpack all layers, or leave no `target`."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of one that failed
    partial.mkdir(parents=True)
    for layer in layers:
        unpack_layer(layer, partial)
    partial.rename(target)


def _request(method: str, url: str, body: bytes | None = None, content_type: str = "") -> bytes:
    request = urllib.request.Request(url, data=body, method=method)  # noqa: S310 - our own endpoint
    if content_type:
        request.add_header("Content-Type", content_type)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            answer: bytes = response.read()
    except urllib.error.HTTPError as error:
        raise ImageError(f"{method} {url}: {error.code} {error.read().decode()}") from error
    return answer


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _without_origin(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member
