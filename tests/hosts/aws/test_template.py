"""The CloudFormation template that a deployment sends: what moto leaves aside is looked at here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.aws import osls
from tools.lambda_environment import environment

pytestmark = pytest.mark.hosts

Json = dict[str, Any]

DEPLOYERS: dict[str, dict[str, str]] = {
    "plain": {},
    "everything": {
        "API_KEYS": "a",
        "API_PREFIX": "/hf",
        "LAMBDA_TABLE": "on",
        "LAMBDA_BUCKET": "on",
        "ACCOUNTS_SECRET": "easel/accounts",
    },
    "parameter": {"ACCOUNTS_SECRET": "ssm:/easel/accounts"},
    "buffered": {"LAMBDA_TRANSFER_MODE": "BUFFERED"},
}

SETTINGS = {name: f"value-of-{name}" for name in environment() if name != "AWS_LAMBDA_EXEC_WRAPPER"}


@pytest.fixture(scope="module")
def templates(packaged: str) -> Mapping[str, Json]:
    if lacking := osls.missing():
        pytest.skip(lacking)
    return {name: osls.template(settings) for name, settings in DEPLOYERS.items()}


@pytest.fixture
def plain(templates: Mapping[str, Json]) -> Json:
    return templates["plain"]


@pytest.fixture
def everything(templates: Mapping[str, Json]) -> Json:
    return templates["everything"]


def properties(template: Json, kind: str) -> list[Json]:
    resources = template["Resources"].values()
    return [resource.get("Properties", {}) for resource in resources if resource["Type"] == kind]


def integrations(template: Json) -> list[Json]:
    return [method["Integration"] for method in properties(template, "AWS::ApiGateway::Method")]


def statements(template: Json) -> list[Json]:
    """All that the functions may do."""
    policies = [policy for role in properties(template, "AWS::IAM::Role") for policy in role["Policies"]]
    policies += properties(template, "AWS::IAM::Policy")
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize("deployer", DEPLOYERS)
def test_the_linter_finds_nothing(templates: Mapping[str, Json], deployer: str) -> None:
    osls.template(DEPLOYERS[deployer])
    linter = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([linter, "-r", "us-east-1", "--", osls.TEMPLATE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_answers_stream(plain: Json) -> None:
    for integration in integrations(plain):
        assert integration["ResponseTransferMode"] == "STREAM"
        assert "response-streaming-invocations" in str(integration["Uri"])
    for function in properties(plain, "AWS::Lambda::Function"):
        assert function["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"] == "/var/task/shared/hosts/lambda-exec"


def test_answers_can_be_buffered(templates: Mapping[str, Json]) -> None:
    for integration in integrations(templates["buffered"]):
        assert integration["ResponseTransferMode"] == "BUFFERED"
        assert integration["TimeoutInMillis"] == 29000
    for function in properties(templates["buffered"], "AWS::Lambda::Function"):
        assert "AWS_LAMBDA_EXEC_WRAPPER" not in function["Environment"]["Variables"]


@pytest.mark.parametrize("deployer", ["plain", "buffered"])
def test_the_gateway_waits_longer_than_any_function(templates: Mapping[str, Json], deployer: str) -> None:
    waits = [integration["TimeoutInMillis"] for integration in integrations(templates[deployer])]
    longest = max(function["Timeout"] for function in properties(templates[deployer], "AWS::Lambda::Function"))
    assert min(waits) > longest * 1000


def test_functions(plain: Json, packaged: str) -> None:
    functions = properties(plain, "AWS::Lambda::Function")
    assert len(functions) >= 6
    assert {function["Runtime"] for function in functions} == {f"python{packaged}"}
    assert {tuple(function["Architectures"]) for function in functions} == {(osls.ARCHITECTURE,)}
    assert [group["RetentionInDays"] for group in properties(plain, "AWS::Logs::LogGroup")] == [14] * len(functions)


def test_the_api_is_regional_and_takes_bytes(plain: Json) -> None:
    [api] = properties(plain, "AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert api["BinaryMediaTypes"] == ["*/*"]


def test_only_what_is_set_reaches_the_functions(plain: Json, everything: Json) -> None:
    own = {"AWS_LAMBDA_EXEC_WRAPPER", "STATE", "ARTIFACTS"}
    for function in properties(plain, "AWS::Lambda::Function"):
        assert function["Environment"]["Variables"].keys() == own
    for function in properties(everything, "AWS::Lambda::Function"):
        assert function["Environment"]["Variables"].keys() == {*own, "API_KEYS", "API_PREFIX", "ACCOUNTS_SECRET"}


def test_everything_that_is_set_reaches_the_functions(packaged: str) -> None:
    if lacking := osls.missing():
        pytest.skip(lacking)
    laptop = dict.fromkeys(["ACCOUNTS_DIR", "COOKIES_PATH", "HOST", "PORT", "SERVER_ADDRESS"], "the deployer's own")
    for function in properties(osls.template(SETTINGS | laptop), "AWS::Lambda::Function"):
        passed = function["Environment"]["Variables"]
        assert passed.keys() == {"AWS_LAMBDA_EXEC_WRAPPER", *SETTINGS}
        assert [name for name, value in SETTINGS.items() if value not in str(passed[name])] == []


def test_optional_parts_are_off_until_they_are_asked_for(plain: Json, everything: Json) -> None:
    defaults = [
        {name: parameter["Default"] for name, parameter in template["Parameters"].items()}
        for template in (plain, everything)
    ]
    assert defaults == [
        {"Table": "off", "Bucket": "off", "Secret": ""},
        {"Table": "on", "Bucket": "on", "Secret": "easel/accounts"},
    ]
    conditions = {name: resource.get("Condition") for name, resource in plain["Resources"].items()}
    optional = {name: condition for name, condition in conditions.items() if condition}
    assert optional == {
        "StateTable": "WithTable",
        "StatePolicy": "WithTable",
        "ArtifactsBucket": "WithBucket",
        "ArtifactsBucketPolicy": "WithBucket",
        "ArtifactsPolicy": "WithBucket",
        "SecretPolicy": "WithSecret",
    }


def test_functions_may_do_no_more_than_they_need(everything: Json) -> None:
    for statement in statements(everything):
        assert statement["Effect"] == "Allow"
        assert "*" not in str(statement["Action"])
        assert statement["Resource"] not in ("*", ["*"])
    services = {action.partition(":")[0] for each in statements(everything) for action in _actions(each["Action"])}
    assert services == {"logs", "dynamodb", "s3", "ssm", "secretsmanager"}


def test_the_bucket_of_results(everything: Json) -> None:
    bucket = everything["Resources"]["ArtifactsBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "AES256" in str(bucket["BucketEncryption"])
    [rule] = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Prefix"], rule["ExpirationInDays"], rule["Status"]) == ("artifacts/", 1, "Enabled")
    [statement] = everything["Resources"]["ArtifactsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_table(everything: Json) -> None:
    [table] = properties(everything, "AWS::DynamoDB::Table")
    assert table["AttributeDefinitions"] == [{"AttributeName": "pk", "AttributeType": "S"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"]["Enabled"] is True


def test_the_prefix_is_in_the_paths(everything: Json) -> None:
    resources = everything["Resources"]
    assert resources["ApiGatewayResourceHf"]["Properties"]["PathPart"] == "hf"
    parent = resources["ApiGatewayResourceHfV1"]["Properties"]["ParentId"]
    assert parent == {"Ref": "ApiGatewayResourceHf"}
    assert "ApiGatewayResourceV1" not in resources


def test_what_the_gateway_says_by_itself(plain: Json) -> None:
    answers = {answer["ResponseType"]: answer for answer in properties(plain, "AWS::ApiGateway::GatewayResponse")}
    assert answers.keys() == {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"}
    assert answers["DEFAULT_5XX"]["StatusCode"] == "424"
    for answer in answers.values():
        assert "$context.error.messageString" in answer["ResponseTemplates"]["application/json"]


def _actions(value: Any) -> list[str]:
    """The actions of a statement, of whichever branch."""
    match value:
        case {"Fn::If": [_, *branches]}:
            return [action for branch in branches for action in _actions(branch)]
        case list():
            return value
        case _:
            return [value]
