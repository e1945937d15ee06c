"""The script that Glue and EMR Serverless start."""

import sys

from transform_spark.main import main

if __name__ == "__main__":
    main(sys.argv[1:])
