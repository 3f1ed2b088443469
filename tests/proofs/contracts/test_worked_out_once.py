"""What tests work out once for clients of AWS is what another process works out."""

import os
import subprocess
import sys
from pathlib import Path

import worked_out_once
from worked_out_once import made

PLACES = ("eu-west-1", "us-east-1", "cn-north-1")
SERVICES = ("iam", "sts", "s3", "cloudtrail", "dynamodb")


def test_a_client_is_made_of_the_same() -> None:
    """As in a process that works all of it out: where it calls, how it signs, what it can be asked."""
    asked = f"print([made(service, region) for service in {SERVICES} for region in {PLACES}])"
    program = f"from worked_out_once import made; {asked}"
    place = str(Path(worked_out_once.__file__).parent)
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": place},
        capture_output=True,
        text=True,
        check=True,
    )
    for _ in range(2):
        assert (
            repr([made(service, region) for service in SERVICES for region in PLACES]) == ran.stdout.strip()
        )
