"""Starts the program on one machine, for as long as the process lives that started it.

That process holds the standard input open. When it is gone, however it ended, nobody waits for the work any
more: this process and the JVM, which make up a process group, end at once. They leave an unfinished attempt.
"""

import os
import signal
import sys
import threading

from transform_spark.main import main


def end_with_parent() -> None:
    """Waits for the end of the standard input; unbuffered, since a buffer's lock would hold up a normal end."""
    while os.read(0, 1024):
        pass
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    main(sys.argv[1:])
