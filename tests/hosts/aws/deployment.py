"""What stands in AWS after a deployment, read back from there: functions, routes, and the gateway's own answers."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zipfile import ZipFile

from tests.hosts.aws.moto import Moto

_LONG_AGO = 315_532_800
"""1980, the oldest time that a zip can hold."""


class Function(NamedTuple):
    """A deployed function. `folder` is where its zip is unpacked: its /var/task."""

    name: str
    handler: str
    runtime: str
    folder: Path
    environment: dict[str, str]
    memory: int
    timeout: float


class Route(NamedTuple):
    """A resource of the gateway: its path in segments, of which `{x}` takes one and `{x+}` takes the rest."""

    path: tuple[str, ...]
    function: str
    streams: bool

    @property
    def resource(self) -> str:
        return "/" + "/".join(self.path)

    @property
    def rank(self) -> list[int]:
        """The most specific one is the smallest."""
        return [2 if part.endswith("+}") else 1 if part.startswith("{") else 0 for part in self.path]

    def parameters(self, path: tuple[str, ...]) -> dict[str, str] | None:
        """What the path gives for the names in braces; None when it is not of this route."""
        found: dict[str, str] = {}
        for index, part in enumerate(self.path):
            if part.endswith("+}") and len(path) > index:
                return found | {part[1:-2]: "/".join(path[index:])}
            if index == len(path) or not (part.startswith("{") or part == path[index]):
                return None
            if part.startswith("{"):
                found[part[1:-1]] = path[index]
        return found if len(path) == len(self.path) else None


class Deployment:
    """One stage of the service, its functions unpacked below `folder`."""

    def __init__(self, moto: Moto, stage: str, folder: Path) -> None:
        self.stage = stage
        self._moto = moto
        stack = f"easel-{stage}"
        cloudformation = moto.client("cloudformation")
        self.template: dict[str, Any] = cloudformation.get_template(StackName=stack)["TemplateBody"]
        outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        self._outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
        functions = moto.client("lambda").list_functions()["Functions"]
        described = [each for each in functions if each["FunctionName"].startswith(f"{stack}-")]
        self.functions = {each["FunctionName"]: self._function(each, folder) for each in described}
        self.routes = self._routes()

    @property
    def gateway_responses(self) -> dict[str, dict[str, Any]]:
        """What the gateway is to answer by itself, by its type. moto does not take these in."""
        return {
            resource["Properties"]["ResponseType"]: resource["Properties"]
            for resource in self.template["Resources"].values()
            if resource["Type"] == "AWS::ApiGateway::GatewayResponse"
        }

    def _function(self, described: dict[str, Any], folder: Path) -> Function:
        name = described["FunctionName"]
        unpack(self._zip(name), folder / name)
        return Function(
            name,
            described["Handler"],
            described["Runtime"],
            folder / name,
            described.get("Environment", {}).get("Variables", {}),
            described["MemorySize"],
            described["Timeout"],
        )

    def _zip(self, name: str) -> bytes:
        """A function's code, as it lies in the deployment bucket."""
        location = self._moto.client("lambda").get_function(FunctionName=name)["Code"]["Location"]
        bucket, key = self._outputs["ServerlessDeploymentBucketName"], urlsplit(location).path.lstrip("/")
        content: bytes = self._moto.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def _routes(self) -> list[Route]:
        gateway = self._moto.client("apigateway")
        api = urlsplit(self._outputs["ServiceEndpoint"]).netloc.partition(".")[0]
        resources = gateway.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]
        routes = [
            _route(resource["path"], method["methodIntegration"]["uri"])
            for resource in resources
            for method in resource.get("resourceMethods", {}).values()
        ]
        return sorted(routes, key=lambda route: route.rank)


def _route(path: str, uri: str) -> Route:
    arn, _, action = uri.partition("/functions/")[2].rpartition("/")
    return Route(segments(path), arn.rpartition(":")[2], streams=action == "response-streaming-invocations")


def segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def unpack(content: bytes, folder: Path) -> None:
    """As Lambda does: with the modes of the zip, old times, and nothing to be written to."""
    with ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            path.chmod(entry.external_attr >> 16 & 0o555)
            os.utime(path, (_LONG_AGO, _LONG_AGO))
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o555)
