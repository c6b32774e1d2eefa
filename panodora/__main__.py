"""`panodora`: what is done around a dataflow."""

import argparse
import sys
from collections.abc import Sequence

from operators.usage_error import UsageError
from panodora import (
    address,
    align,
    angles,
    calibration,
    cert,
    doctor,
    frames,
    generate,
    latency,
    replay,
    rig,
    skeleton,
    synthesize,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; a fault of the user's ends with one clear line."""
    parser = argparse.ArgumentParser(
        prog="panodora",
        description="Teleoperation of dexterous hands as a dora-rs dataflow.",
        epilog="The dataflows themselves run with `dora run dataflows/teleop.yml`.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (
        *(doctor, cert, address, replay, latency),
        *(frames, calibration, rig, align),
        *(angles, skeleton, synthesize),
        generate,
    ):
        command.add_parser(commands)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except UsageError as error:
        print(f"panodora: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
