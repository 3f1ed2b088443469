"""What a client is made of where much is worked out once is what it is made of elsewhere."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import moto.core.models  # noqa: F401 - it adds a handler to those of botocore
import worked_out_once
from worked_out_once import client, heard_by

PLACES = ("eu-west-1", "us-east-1", "cn-north-1")
SERVICES = ("iam", "sts", "s3", "cloudtrail", "dynamodb")


def made(service: Any, region: str) -> tuple[object, ...]:
    """What a client is made of, as far as it can be seen."""
    found = client(service, region)
    methods = sorted(each for each in dir(found) if not each.startswith("_"))
    operations = sorted(found.meta.service_model.operation_names)
    heard = sorted(heard_by(found.meta.events._emitter._handlers._root))
    return found.meta.endpoint_url, found.meta.config.signature_version, methods, operations, heard


def test_a_client_is_made_of_the_same() -> None:
    """As in a process that works all of it out: where it calls, how it signs, what it can be asked."""
    asked = f"print([made(service, place) for service in {SERVICES} for place in {PLACES}])"
    program = f"from test_worked_out_once import made; {asked}"
    paths = os.pathsep.join((str(Path(__file__).parent), str(Path(worked_out_once.__file__).parent)))
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    for _ in range(2):
        assert repr([made(service, place) for service in SERVICES for place in PLACES]) == ran.stdout.strip()
