"""
What `sluice run FILE --dataset orders` does, as a careful script over pandas: read, profile, score, gate, deduplicate,
validate, derive, filter, mask, write Parquet and quarantine, count. One process, every step over whole columns.

python pandas_pipeline.py FILE AS_OF LAKE
"""

import csv
import json
import sys
from collections import Counter
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

NUMBERS = ["amount", "quantity", "price"]
FIELDS = ["id", "name", "email", *NUMBERS, "status", "created_date", "region_code"]
PARSED = [*NUMBERS, "created_date"]
REGIONS = {"01": "North", "02": "South", "03": "East", "04": "West"}
THRESHOLD = 70

BLANKS = " \t\r\n\u00a0\u3000"
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
# By itself, to_datetime takes months and days of one digit, too.
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"


def check_header(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        header = next(csv.reader(file), [])
    for name in FIELDS:
        if header.count(name) != 1:
            sys.exit(f"{path}: the column {name} is there {header.count(name)} times")


def read(path):
    """
    The readable rows as text, indexed by their number in the file, and (number, text) of the malformed ones.

    By pyarrow's reader, for it alone tells rows that are too short and keeps the text of malformed ones: the C engine
    of read_csv pads short rows in silence and takes ten times as long, the Python engine forty times. On one thread,
    since only then it numbers the rows; with quoted line ends allowed, more threads were no faster.
    """
    malformed = []

    def set_aside(row):
        malformed.append((row.number - 1, row.text))  # row 1 is the header
        return "skip"

    cells = arrow_csv.read_csv(
        path,
        arrow_csv.ReadOptions(use_threads=False),
        arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
        arrow_csv.ConvertOptions(
            include_columns=FIELDS, default_column_type=pa.large_string(), strings_can_be_null=False
        ),
    ).to_pandas()
    every_row = np.arange(1, len(cells) + len(malformed) + 1)
    cells.index = np.delete(every_row, [number - 1 for number, _ in malformed])
    return cells, malformed


def parse(cells):
    """Typed columns, null where there is nothing or nothing readable; null cells; unreadable cells; figures."""
    values, nulls, invalid, figures = {}, {}, {}, []
    for name in FIELDS:
        text = cells[name].str.strip(BLANKS)
        nulls[name] = text == ""
        figure = {"name": name, "nulls": int(nulls[name].sum()), "invalid": 0}
        if name in PARSED:
            values[name] = moments(text) if name == "created_date" else numbers(text)
            invalid[name] = values[name].isna() & ~nulls[name]
            figure["invalid"] = int(invalid[name].sum())
        else:
            values[name] = (text if name == "name" else cells[name]).mask(nulls[name])
            figure["numericLooking"] = int(text.str.fullmatch(NUMBER).sum())
        figures.append(figure)
    return pd.DataFrame(values), nulls, invalid, figures


def numbers(text):
    number = text.where(text.str.fullmatch(NUMBER)).astype("double[pyarrow]")
    return number.mask(number.abs() == np.inf) + 0.0  # 1e400 is no number, and -0 is 0


def moments(text):
    return pd.to_datetime(text.where(text.str.fullmatch(MOMENT)), format="%Y-%m-%d %H:%M:%S", errors="coerce")


def find_duplicates(cells):
    # Equal rows have equal ids: a sixth of the time that all columns of all rows would take.
    alike = cells[cells.duplicated("id", keep=False)]
    return alike.duplicated().reindex(cells.index, fill_value=False)


def profile_of(rows, figures, duplicates, malformed):
    # A malformed row has no cells, so all of them are null.
    columns = [{**figure, "nulls": figure["nulls"] + malformed} for figure in figures]
    nulls = sum(column["nulls"] for column in columns)
    score = 100 - Fraction(nulls * 100, rows * len(FIELDS)) - Fraction(duplicates * 100, rows) if rows else 0
    half_up = floor(max(score, 0) * 100 + Fraction(1, 2)) / 100
    return {"rowsIn": rows, "malformed": malformed, "duplicates": duplicates, "columns": columns}, half_up


def derive(orders):
    """The published columns of accepted orders."""
    total = orders["quantity"] * orders["price"]
    bounds, categories = [-np.inf, 1000, 10_000, np.inf], ["Small", "Medium", "Large"]
    return orders.assign(
        name=orders["name"].fillna("UNKNOWN").str.upper(),
        email_masked=masked(orders["email"]),
        total_amount=total.mask(total.abs() == np.inf),
        amount_category=pd.cut(orders["amount"], bounds, right=False, labels=categories),
        region_name=orders["region_code"].astype("category").map(REGIONS),
        data_year=orders["created_date"].dt.year.astype("int64"),
        data_month=orders["created_date"].dt.month.astype("int64"),
    ).drop(columns="email")


def masked(email):
    """Up to two characters before the last @ are not shown; of more, the first two are."""
    is_short = email.str.fullmatch(r"(?s).{0,2}@[^@]*").astype(bool)
    mask = email.str[:2].mask(is_short, "") + "***" + email.str.replace(r"(?s)^.*@", "@", regex=True)
    return mask.where(email.str.contains("@", regex=False) | email.isna(), "***")


def quarantine(path, cells, faults, malformed):
    """Writes rows with a fault and malformed ones as JSON lines in the order of the file; counts rows and reasons."""
    rows = [(number, [(None, "wrong_field_count")], None, text) for number, text in malformed]
    names = faults.columns.to_list()
    records = cells.loc[faults.index].to_dict("records")
    for number, flags, record in zip(faults.index.to_list(), faults.to_numpy(), records, strict=True):
        rows.append((number, [name for name, flag in zip(names, flags, strict=True) if flag], record, None))
    rows.sort(key=lambda row: row[0])
    with open(path, "w", encoding="utf-8") as file:
        for number, reasons, record, raw in rows:
            named = [{"field": field, "code": code} for field, code in reasons]
            line = {"row": number, "reasons": named, "record": record, "raw": raw}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(rows), Counter(reason for _, reasons, _, _ in rows for reason in reasons)


def main(path, as_of, lake):
    as_of = pd.Timestamp(as_of).tz_localize(None)
    lake, run = Path(lake), Path(path).stem
    staging = lake / "staging" / run
    processed = lake / "processed/orders" / f"process_year={as_of.year}/process_month={as_of.month}/process_day={as_of.day}"
    for folder in (staging, processed, lake / "quarantine/orders", lake / "runs/orders"):
        folder.mkdir(parents=True, exist_ok=True)

    check_header(path)
    cells, malformed = read(path)
    duplicate = find_duplicates(cells)
    values, nulls, invalid, figures = parse(cells)
    rows_in, duplicates = len(cells) + len(malformed), int(duplicate.sum())
    profile, score = profile_of(rows_in, figures, duplicates, len(malformed))
    if score < THRESHOLD:
        sys.exit(f"{path}: score {score}, threshold {THRESHOLD}")

    codes = {name: "not_a_timestamp" if name == "created_date" else "not_a_number" for name in PARSED}
    faults = pd.DataFrame({("id", "missing"): nulls["id"]} | {(name, codes[name]): invalid[name] for name in PARSED})
    faulty = faults.any(axis="columns") & ~duplicate
    quarantined, reasons = quarantine(staging / "quarantine.jsonl", cells, faults[faulty], malformed)

    clean = ~duplicate & ~faulty
    active = values["status"].isin(["ACTIVE", "PENDING"])
    recent = values["created_date"] >= as_of - pd.Timedelta(days=365)
    accepted = derive(values[clean & active & recent])
    accepted.to_parquet(staging / "accepted.parquet", compression="zstd", index=False)

    by_rule = {"active_or_pending": int((clean & ~active).sum()), "recent": int((clean & active & ~recent).sum())}
    if len(accepted) + sum(by_rule.values()) + duplicates + quarantined != rows_in:
        sys.exit(f"{path}: rows are unaccounted for; nothing is published")
    counts = {
        "rowsIn": rows_in,
        "accepted": len(accepted),
        "filtered": [{"rule": rule, "rows": rows} for rule, rows in by_rule.items() if rows > 0],
        "duplicates": duplicates,
        "quarantined": quarantined,
        "reasons": [{"field": field, "code": code, "rows": rows} for (field, code), rows in reasons.items()],
    }
    (staging / "accepted.parquet").replace(processed / f"{run}.parquet")
    (staging / "quarantine.jsonl").replace(lake / "quarantine/orders" / f"{run}.jsonl")
    manifest = {"asOf": as_of.isoformat(), "counts": counts, "profile": profile, "score": score}
    (lake / "runs/orders" / f"{run}.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
