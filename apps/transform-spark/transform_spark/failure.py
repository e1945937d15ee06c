"""What went wrong, as the one line that somebody reads first."""

import re
from typing import Any

from py4j.protocol import Py4JNetworkError

# Their messages name files, hosts and permissions. Others may quote a value of the object's.
_OUTSPOKEN = ("java.io.", "java.nio.", "java.net.", "org.apache.hadoop.", "com.amazon", "software.amazon.")


class JobFailed(Exception):
    """The run has failed; the message is one line: at what, why, and where the log is."""


def describe(cause: BaseException, stage: str, job_run_id: str | None) -> str:
    """Say in one line what happened. Nothing that the object holds is in it."""
    log = f"the log streams {job_run_id} of the job" if job_run_id else "the lines above"
    return f'at the stage "{stage}"{_split(cause)}: {_reason(cause)} (more in {log})'


def _split(cause: BaseException) -> str:
    task = re.search(r"Task (\d+) in stage \S+ failed (\d+) times", str(cause))
    return f", split {task[1]}, tried {task[2]} times" if task else ""


def _reason(cause: BaseException) -> str:
    # The driver's Python talks to nobody but the JVM.
    if isinstance(cause, ConnectionError | Py4JNetworkError):
        return "Spark's JVM has ended: it crashed, or was killed, as by a system that is short of memory"
    jvm: Any = getattr(cause, "java_exception", None)
    if jvm is None and hasattr(cause, "_origin"):
        jvm = cause._origin  # type: ignore[attr-defined]
    if jvm is None:
        return _line(f"{type(cause).__name__}: {cause}")
    while jvm.getCause() is not None:
        jvm = jvm.getCause()
    name = str(jvm.getClass().getName())
    message = str(jvm.getMessage() or "")
    return _line(f"{name.rsplit('.', 1)[-1]}: {message}" if name.startswith(_OUTSPOKEN) else name)


def _line(text: str) -> str:
    line = " ".join(text.split("\n", 1)[0].split())
    return line if len(line) <= 400 else f"{line[:399]}…"
