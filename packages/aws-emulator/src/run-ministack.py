"""Runs MiniStack until standard input ends.

The test run holds the other end of that pipe. The kernel closes it however the run ends, SIGKILL included,
so no server and none of its Lambda processes outlives the tests.

A line `<function> <milliseconds>` kills the process of the function's next invocation, so long after it has begun.
Two things are put right on the way: a function whose process was killed ends with the error that Lambda gives it, and
what a function logged before its answer is in the log once the answer is there, however busy the machine.
"""

import array
import fcntl
import os
import queue
import shutil
import signal
import sys
import termios
import threading
import time

import permissions
from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc


def obey_parent():
    for line in sys.stdin:
        function, milliseconds = line.split()
        threading.Thread(target=kill_next, args=(function, int(milliseconds) / 1000), daemon=True).start()
    # The working folder is this server's own; a killed parent can no longer remove it.
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    os.killpg(0, signal.SIGTERM)
    time.sleep(3)
    os.killpg(0, signal.SIGKILL)


def kill_next(function, seconds):
    while True:
        for worker in running_workers():
            if worker.func_name == function:
                time.sleep(seconds)
                worker._proc.kill()
                return
        time.sleep(0.001)


def running_workers():
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
    # One that has no start time is still reading the function's code.
    return [worker for worker in workers if worker.in_use and worker._start_time and worker._proc]


def unread(pipe):
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def drain_stderr(worker):
    """MiniStack waits for 50 ms, then leaves the lines to the log of the next invocation, which may never come.

    Node writes them into the pipe before it answers: they are all there once the pipe is empty and its reader quiet.
    """
    lines, quiet_since, give_up = [], None, time.monotonic() + 10
    while time.monotonic() < give_up:
        try:
            lines.append(worker._stderr_queue.get_nowait())
            quiet_since = None
        except queue.Empty:
            now = time.monotonic()
            if worker._proc is None or worker._proc.stderr is None or unread(worker._proc.stderr) == 0:
                quiet_since = quiet_since or now
                if now - quiet_since > 0.03:
                    break
            else:
                quiet_since = None
            time.sleep(0.001)
    return "\n".join(lines)


lambda_runtime.Worker._drain_stderr_bounded = drain_stderr

execute_warm = lambda_svc._execute_function_warm


def execute(func, event, request_id):
    result = execute_warm(func, event, request_id)
    # MiniStack says Runtime.HandlerError, as of every error, and logs what it says here.
    if result.get("error") and result["body"].get("errorMessage") == "Worker process died":
        message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
        result["body"] = {"errorType": "Runtime.ExitError", "errorMessage": message}
        result["log"] = result["log"].replace("Worker process died", f"{message}\nRuntime.ExitError")
    return result


lambda_svc._execute_function_warm = execute

if app.AUTH:
    permissions.ask()

asgi = app.app


async def behind_tls(scope, receive, send):
    """Policies demand TLS. A proxy might have ended it, but not if a request says `X-Forwarded-Proto: http`."""
    await asgi({**scope, "scheme": "https"} if scope["type"] == "http" else scope, receive, send)


app.app = behind_tls

os.setsid()
threading.Thread(target=obey_parent, daemon=True).start()
sys.argv = ["ministack"]
app.main()
