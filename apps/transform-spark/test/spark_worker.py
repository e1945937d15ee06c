"""One Spark session for many runs, for tests that cannot wait ten seconds for each.

A line of standard input is a request: {"id": 1, "arguments": [...], "pseudonymKey": "..." or null} runs the program,
{"id": 2, "settings": {...}} changes settings of Spark. A line of standard output answers one, {"id": 1, "error": null}
or {"id": 1, "error": "<one line>"}. Runs go side by side, as many as the first argument says. It ends with its input.
"""

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from pyspark.sql import SparkSession

from transform_spark.arguments import parse_arguments
from transform_spark.failure import describe
from transform_spark.main import transform
from transform_spark.plan import parse_plan
from transform_spark.progress import Progress
from transform_spark.session import start_session
from transform_spark.staging import read_text

KEY = "SLUICE_PSEUDONYM_KEY"

# What runs keep of their rows is dropped when none is under way: after so many at the latest.
RUNS_BETWEEN_DROPS = 16


def carry_out(spark: SparkSession, request: dict[str, Any]) -> str | None:
    """Carries one request out, as a job of its own would."""
    if "settings" in request:
        for name, value in request["settings"].items():
            spark.conf.set(name, value)
        return None
    progress = Progress()
    try:
        arguments = parse_arguments(request["arguments"])
        plan = parse_plan(read_text(spark, f"{arguments.plans}/{arguments.dataset}.json"), arguments.dataset)
        transform(spark, plan, arguments, progress)
        return None
    except Exception as error:  # the session lives on, whatever a run does
        return describe(error, progress.stage, None)


class Worker:
    """Answers requests; those that change what is everybody's (settings, the key) have the session to themselves."""

    def __init__(self, spark: SparkSession, threads: int, say: Callable[[dict[str, Any]], None]) -> None:
        self._spark = spark
        self._say = say
        self._pool = ThreadPoolExecutor(threads)
        self._running: list[Future[None]] = []

    def take(self, request: dict[str, Any]) -> None:
        """Starts a request, or waits until it may start."""
        key: str | None = request.get("pseudonymKey")
        is_alone = key is not None or "settings" in request
        if is_alone or len(self._running) >= RUNS_BETWEEN_DROPS:
            self.finish()
        if key is not None:
            os.environ[KEY] = key
        self._running.append(self._pool.submit(self._answer, request))
        if is_alone:
            self.finish()
            os.environ.pop(KEY, None)

    def finish(self) -> None:
        """Waits for all that is running, and drops what was kept."""
        wait(self._running)
        self._running = []
        self._spark.catalog.clearCache()

    def _answer(self, request: dict[str, Any]) -> None:
        self._say({"id": request["id"], "error": carry_out(self._spark, request)})


def serve(threads: int) -> None:
    """Answers requests until there are no more."""
    # What the program or Spark writes to standard output would be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    spark = start_session("tests")
    # One write for each answer, so that those of several threads do not mix.
    worker = Worker(
        spark, threads, lambda answer: print(f"{json.dumps(answer)}\n", end="", file=answers, flush=True)
    )
    for line in sys.stdin:
        worker.take(json.loads(line))
    worker.finish()
    spark.stop()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
