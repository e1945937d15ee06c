"""Runs MiniStack until standard input ends.

The test run holds the other end of that pipe. The kernel closes it however the run ends, SIGKILL included,
so no server and none of its Lambda processes outlives the tests.
"""

import os
import shutil
import signal
import sys
import threading
import time

from ministack.app import main


def stop_with_parent():
    sys.stdin.buffer.read()
    # The working folder is this server's own; a killed parent can no longer remove it.
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    os.killpg(0, signal.SIGTERM)
    time.sleep(3)
    os.killpg(0, signal.SIGKILL)


os.setsid()
threading.Thread(target=stop_with_parent, daemon=True).start()
sys.argv = ["ministack"]
main()
