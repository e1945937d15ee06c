"""What the program is at, as lines for whoever waits."""

import json
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from pyspark.sql import SparkSession

_SECONDS = 1.0


class Progress:
    """Says on stderr how many tasks of a stage are done: `progress {"stage": "read", "done": 3, "of": 8}`."""

    def __init__(self) -> None:
        # Where the program is; a failure names it.
        self.stage = "start"

    @contextmanager
    def of(self, spark: SparkSession, stage: str) -> Generator[None]:
        """Watch the jobs that are started inside."""
        self.stage = stage
        context = spark.sparkContext
        context.setJobGroup(stage, stage)
        finished = threading.Event()
        watcher = threading.Thread(target=_watch, args=(spark, stage, finished), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            finished.set()
            watcher.join()


def _watch(spark: SparkSession, stage: str, finished: threading.Event) -> None:
    tracker = spark.sparkContext.statusTracker()
    said = (-1, -1)
    last = False
    while not last:
        last = finished.wait(_SECONDS)
        try:
            jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(stage)]
            infos = [tracker.getStageInfo(one) for job in jobs if job for one in job.stageIds]
        except Exception:
            return  # Spark is gone: somebody else says why.
        # A stage whose shuffle is there already is passed over, and has no information of its own.
        tasks = [(info.numCompletedTasks, info.numTasks) for info in infos if info]
        now = (sum(done for done, _ in tasks), sum(of for _, of in tasks))
        if now != said and now[1] > 0:
            said = now
            print(f"progress {json.dumps({'stage': stage, 'done': now[0], 'of': now[1]})}", file=sys.stderr)
