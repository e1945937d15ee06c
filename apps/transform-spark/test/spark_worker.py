"""One Spark session for many runs, for tests that cannot wait ten seconds for each.

A line of standard input is a request, {"arguments": [...], "pseudonymKey": "..." or null}; a line of standard output is its
answer, {"error": null} or {"error": "<one line>"}. It ends with its input.
"""

import json
import os
import sys
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


def answer(spark: SparkSession, request: dict[str, Any]) -> dict[str, str | None]:
    """Carries one request out, as a job of its own would."""
    os.environ.pop(KEY, None)
    if request["pseudonymKey"] is not None:
        os.environ[KEY] = request["pseudonymKey"]
    progress = Progress()
    try:
        arguments = parse_arguments(request["arguments"])
        plan = parse_plan(read_text(spark, f"{arguments.plans}/{arguments.dataset}.json"), arguments.dataset)
        transform(spark, plan, arguments, progress)
        return {"error": None}
    except Exception as error:  # the session lives on, whatever a run does
        return {"error": describe(error, progress.stage, None)}
    finally:
        spark.catalog.clearCache()


def serve() -> None:
    """Answers requests until there are no more."""
    # What the program or Spark writes to standard output would be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    spark = start_session("tests")
    for line in sys.stdin:
        print(json.dumps(answer(spark, json.loads(line))), file=answers, flush=True)
    spark.stop()


if __name__ == "__main__":
    serve()
