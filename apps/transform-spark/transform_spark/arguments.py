"""What the program is told: which run, where its plan lies, where its work goes."""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn, cast, get_args

Step = Literal["stage", "merge", "retract"]


class WrongArguments(Exception):
    """The program was started wrongly; the message is one line for whoever started it."""


@dataclass(frozen=True)
class Arguments:
    """A run, as Step Functions names it, and the places that it touches."""

    # Stage its rows; merge what is staged into the dataset's table; take back what was merged of it.
    step: Step
    run_id: str
    dataset: str
    # The run's clock: UTC, in whole milliseconds as in the other engines, without a zone as in Parquet.
    as_of: datetime
    bucket: str
    key: str
    version_id: str | None
    # Bytes of the object.
    size: int
    plans: str
    input: str
    # Ends in a slash.
    output: str
    # Where the dataset's table lies, if it has one.
    table: str
    # Glue's own name of this attempt, under which its log lies.
    job_run_id: str | None

    @property
    def reads_arrival(self) -> bool:
        """Whether the object is read where it arrived, and not from a copy on this machine."""
        return self.input == f"s3://{self.bucket}/{self.key}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongArguments(message)


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Read the command line. Options that are not ours are Glue's, and are passed over.

    Raises WrongArguments.
    """
    parser = _Parser(prog="transform_spark", add_help=False, allow_abbrev=False)
    parser.add_argument("--run", required=True)
    parser.add_argument("--step", choices=get_args(Step), default="stage")
    parser.add_argument("--plans", required=True)
    parser.add_argument("--curated-bucket")
    parser.add_argument("--input")
    parser.add_argument("--output")
    parser.add_argument("--table")
    parser.add_argument("--JOB_RUN_ID")
    given, _ = parser.parse_known_args(list(argv))

    run = _parse_run(given.run)
    target = cast(dict[str, Any], run["object"])
    output = given.output
    if not output:
        if not given.curated_bucket:
            raise WrongArguments("one of --curated-bucket and --output is required")
        output = f"s3://{given.curated_bucket}/staging/{run['runId']}/"
    table = given.table or f"s3://{given.curated_bucket or ''}/tables/{run['dataset']}"
    if given.step != "stage" and not (given.curated_bucket or given.table):
        raise WrongArguments("one of --curated-bucket and --table is required")
    return Arguments(
        step=given.step,
        run_id=run["runId"],
        dataset=run["dataset"],
        as_of=_parse_clock(run["asOf"]),
        bucket=target["bucket"],
        key=target["key"],
        version_id=target.get("versionId"),
        size=target["size"],
        plans=given.plans.rstrip("/"),
        input=given.input or f"s3://{target['bucket']}/{target['key']}",
        output=output if output.endswith("/") else f"{output}/",
        table=table.rstrip("/"),
        job_run_id=given.JOB_RUN_ID,
    )


def _parse_run(text: str) -> dict[str, Any]:
    try:
        run: Any = json.loads(text)
    except ValueError:
        raise WrongArguments("--run is no JSON") from None
    _member(run, "run", "runId", str, r"[A-Za-z0-9_-]{1,80}")
    # The plan's file is named after the dataset: a name with a slash would reach elsewhere.
    _member(run, "run", "dataset", str, r"[a-z][a-z0-9_]*")
    _member(run, "run", "asOf", str)
    target = _member(run, "run", "object", dict)
    _member(target, "run.object", "bucket", str, r".+")
    _member(target, "run.object", "key", str, r"(?s:.+)")
    if "versionId" in target:
        _member(target, "run.object", "versionId", str, r".+")
    if _member(target, "run.object", "size", int) < 0:
        raise WrongArguments("--run: run.object.size is below zero")
    return run


def _member(of: Any, where: str, name: str, kind: type, pattern: str | None = None) -> Any:
    value = cast(dict[str, Any], of).get(name) if isinstance(of, dict) else None
    if value is None:
        raise WrongArguments(f"--run: {where}.{name} is missing")
    if not isinstance(value, kind) or isinstance(value, bool):
        raise WrongArguments(f"--run: {where}.{name} is no {_KINDS[kind]}")
    if pattern is not None and not re.fullmatch(pattern, cast(str, value)):
        raise WrongArguments(f"--run: {where}.{name} is not of the form {pattern}")
    return value


_KINDS: dict[type, str] = {str: "text", int: "whole number", dict: "object"}


def _parse_clock(text: str) -> datetime:
    form = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d+)?Z", text)
    try:
        if form is None:
            raise ValueError
        minute, second, fraction = form.groups()
        clock = datetime.strptime(f"{minute}{second or ':00'}", "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise WrongArguments("--run: run.asOf is no instant of the form 2026-01-31T12:00:00.000Z") from None
    milliseconds = int(f"{(fraction or '.')[1:4]:0<3}")
    return clock.replace(microsecond=milliseconds * 1000, tzinfo=UTC).replace(tzinfo=None)
