"""One run, from its arguments to its staged rows."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from pyspark.sql import SparkSession

from transform_spark.arguments import Arguments, Step, WrongArguments, parse_arguments
from transform_spark.failure import JobFailed, describe
from transform_spark.objects import delete, place_object
from transform_spark.plan import Plan, parse_plan
from transform_spark.progress import Progress
from transform_spark.pseudonym import register_pseudonym
from transform_spark.read_object import read_object
from transform_spark.read_rows import ReadRows
from transform_spark.refusal import Refused
from transform_spark.session import apply_settings, start_session
from transform_spark.stage import object_bytes, stage_rows
from transform_spark.staging import COPY, FIGURES, StagingFolder, read_text
from transform_spark.table import merge_staged, retract_merged


def main(argv: Sequence[str]) -> None:
    """Run the program.

    Exits with 2 if it is started wrongly. A failure ends it as an exception whose message is one line, because that is
    what Glue shows of a failed job; Python exits with 1 then.
    """
    try:
        arguments = parse_arguments(argv)
    except WrongArguments as cause:
        print(f"transform_spark: {cause}", file=sys.stderr)
        sys.exit(2)
    progress = Progress()

    def end_at_once(_signal: int, _frame: FrameType | None) -> NoReturn:
        # The JVM ends with this process, and nobody publishes a folder without a report.
        cause = JobFailed("the program was told to end")
        print(describe(cause, progress.stage, arguments.job_run_id), file=sys.stderr, flush=True)
        os._exit(1)

    signal.signal(signal.SIGTERM, end_at_once)
    try:
        run(arguments, progress)
    except Exception as cause:
        sys.tracebacklimit = 0
        raise JobFailed(describe(cause, progress.stage, arguments.job_run_id)) from None


def run(arguments: Arguments, progress: Progress) -> None:
    """Carry out a run in a Spark session of its own."""
    spark = start_session(arguments.run_id, delta=arguments.step != "stage")
    try:
        plan = parse_plan(read_text(spark, f"{arguments.plans}/{arguments.dataset}.json"), arguments.dataset)
        _STEPS[arguments.step](spark, plan, arguments, progress)
    finally:
        # It may be gone already; why the run has failed matters more.
        with suppress(Exception):
            spark.stop()


def transform(spark: SparkSession, plan: Plan, arguments: Arguments, progress: Progress) -> None:
    """Take an object's rows to their fates; an object that cannot be read leaves its refusal only."""
    apply_settings(spark, plan.session)
    if plan.pseudonym:
        register_pseudonym(spark)
    folder = StagingFolder(spark, arguments.output)
    folder.clear()

    def read(line_breaks_in_quotes: bool) -> ReadRows:
        return read_object(spark, plan.read, uri, arguments.key, line_breaks_in_quotes=line_breaks_in_quotes)

    try:
        version = arguments.version_id if arguments.reads_arrival else None
        uri = place_object(spark, arguments.input, arguments.key, folder.uri(COPY), version)
        stage_rows(
            spark,
            plan,
            read,
            as_of=arguments.as_of,
            size=object_bytes(arguments.size, arguments.key),
            folder=folder,
            progress=progress,
        )
    except Exception as cause:
        refused = Refused.found_in(cause)
        if refused is None:
            raise
        folder.clear()
        folder.write_json(FIGURES, {"refusal": {"code": refused.code, "message": refused.message}})
    finally:
        delete(spark, folder.uri(COPY))


_STEPS: dict[Step, Callable[[SparkSession, Plan, Arguments, Progress], None]] = {
    "stage": transform,
    "merge": merge_staged,
    "retract": retract_merged,
}
