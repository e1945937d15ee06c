"""Runs MiniStack until standard input ends.

The test run holds the other end of that pipe. The kernel closes it however the run ends, SIGKILL included,
so no server and none of its Lambda processes outlives the tests.

A line `<function> <milliseconds>` kills the process of the function's next invocation, so long after it has begun.
One answer is put right on the way: a function whose process was killed ends with the error that Lambda gives it.
"""

import os
import shutil
import signal
import sys
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
