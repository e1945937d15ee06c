"""The program as it is started: its exit code, what it says, what it leaves."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from plans import Run

JOB = Path(__file__).parent.parent / "job.py"


def start(run: Run, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(JOB), *run.arguments, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=run.plans,
        env={**os.environ, "PYSPARK_SUBMIT_ARGS": "--master local[1] --driver-memory 512m pyspark-shell"},
    )


def test_a_run_ends_well_and_says_how_far_it_is_on_standard_error(tmp_path: Path) -> None:
    run = Run(tmp_path, b"id,size\na,1\n")
    job = start(run, "--JOB_RUN_ID", "jr_1")
    out, err = job.communicate()
    assert job.returncode == 0, err
    assert out == ""
    assert run.read("transform.json")["counts"]["accepted"] == 1
    progress = [
        json.loads(line.removeprefix("progress "))
        for line in err.splitlines()
        if line.startswith("progress ")
    ]
    assert progress[0]["stage"] == "read"
    assert all(set(one) == {"stage", "done", "of"} for one in progress)


def test_a_failure_is_the_last_line_of_standard_error(tmp_path: Path) -> None:
    run = Run(tmp_path, b"id,size\na,1\n")
    (run.plans / "parcels.json").unlink()
    job = start(run, "--JOB_RUN_ID", "jr_1")
    _, err = job.communicate()
    assert job.returncode == 1
    assert "Traceback" not in err
    last = err.rstrip().splitlines()[-1]
    assert 'at the stage "start": FileNotFoundException' in last
    assert "parcels.json" in last
    assert "jr_1" in last


def test_a_wrong_start_is_told_before_spark_is(tmp_path: Path) -> None:
    job = start(Run(tmp_path, b""), "--run", "{}")
    out, err = job.communicate()
    assert (job.returncode, out, err) == (2, "", "transform_spark: --run: run.runId is missing\n")


def test_a_program_that_is_told_to_end_publishes_nothing(tmp_path: Path) -> None:
    rows = "".join(f"{at},{at}\n" for at in range(400_000))
    run = Run(tmp_path, f"id,size\n{rows}".encode())
    job = start(run)
    assert job.stderr is not None
    for line in job.stderr:
        if line.startswith("progress "):
            break
    job.send_signal(signal.SIGTERM)
    rest = job.stderr.read()
    assert job.wait() == 1
    # The JVM may have something to say behind it.
    assert "the program was told to end" in rest
    assert "transform.json" not in run.left()
