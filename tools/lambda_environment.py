"""The environment of the Lambda functions, written in serverless.yml's syntax so that no value reaches the disk."""

from __future__ import annotations

from tools.settings import variables

FOLDERS = frozenset({"ACCOUNTS_DIR", "COOKIES_PATH"})
"""Settings that name files of the deployer's machine, which a function does not have."""


def environment() -> dict[str, str]:
    """Each setting: the value in custom.environment of serverless.yml, or else that of the deployer's shell."""
    settings = [variable for name, variable in variables().items() if name not in FOLDERS]
    names = [name for variable in settings for name in (variable.name, *variable.also)]
    wrapper = {"AWS_LAMBDA_EXEC_WRAPPER": "${self:custom.mode.wrapper, null}"}
    return wrapper | {name: f"${{self:custom.environment.{name}, env:{name}, null}}" for name in names}
