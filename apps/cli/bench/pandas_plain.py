"""
The same work as pandas_pipeline.py in the first ways that come to mind: pandas' default CSV reader (with a look at the
number of fields before), `duplicated` over whole rows, `to_numeric`. The rest is shared.

python pandas_plain.py FILE AS_OF LAKE
"""

import csv
import sys

import numpy as np
import pandas as pd

import pandas_pipeline as pipeline


def read(path):
    """pandas' default reader pads rows that are too short and drops those that are too long: they are found before."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        width = len(next(rows))
        wrong = {rows.line_num: number for number, row in enumerate(rows, 1) if len(row) != width}
    cells = pd.read_csv(path, dtype=str, keep_default_na=False, skiprows=[line - 1 for line in wrong])[pipeline.FIELDS]
    every_row = np.arange(1, len(cells) + len(wrong) + 1)
    cells.index = np.setdiff1d(every_row, list(wrong.values()))
    with open(path, encoding="utf-8") as file:
        malformed = [(wrong[line], text.rstrip("\n")) for line, text in enumerate(file, 1) if line in wrong]
    return cells, malformed


def find_duplicates(cells):
    return cells.duplicated()


def numbers(text):
    number = pd.to_numeric(text.where(text.str.fullmatch(pipeline.NUMBER)), errors="coerce")
    return number.mask(number.abs() == np.inf) + 0.0


if __name__ == "__main__":
    pipeline.read, pipeline.find_duplicates, pipeline.numbers = read, find_duplicates, numbers
    pipeline.main(*sys.argv[1:])
