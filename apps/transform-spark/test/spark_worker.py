"""One Spark session for many runs, for tests that cannot wait ten seconds for each.

A line of standard input is a request, {"arguments": [...], "pseudonymKey": "..." or null}; a line of standard output is its
answer, {"error": null} or {"error": "<one line>"}. It ends with its input.
"""

import json
import os
import sys
from typing import Any

from transform_spark.arguments import parse_arguments
from transform_spark.main import run
from transform_spark.session import start_session

KEY = "SLUICE_PSEUDONYM_KEY"


def answer(spark: Any, request: dict[str, Any]) -> dict[str, str | None]:
    """Carries one request out, as a job of its own would."""
    os.environ.pop(KEY, None)
    if request["pseudonymKey"] is not None:
        os.environ[KEY] = request["pseudonymKey"]
    try:
        run(spark, parse_arguments(request["arguments"]))
        return {"error": None}
    except Exception as error:  # the session lives on, whatever a run does
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}
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
