"""`python -m transform_spark`."""

import sys

from transform_spark.main import main

main(sys.argv[1:])
