"""A small plan: `id` is required, `size` is a whole number, rows of size 0 are filtered."""

import json
from pathlib import Path
from typing import Any

_SIZE = "try_cast(`cell 1` AS BIGINT)"
_REASON = "named_struct('field', '{}', 'code', '{}')"


def _columns(**sql: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", " "), "sql": text} for name, text in sql.items()]


def parcels(**changes: Any) -> dict[str, Any]:
    """Give the plan as its JSON has it."""
    fields = [("id", "text", True), ("size", "integer", False)]
    return {
        "planVersion": 1,
        "dataset": "parcels",
        "session": {"spark.sql.ansi.enabled": "true"},
        "read": {
            "formats": ["csv", "json"],
            "delimiter": ",",
            "unknownColumns": "ignore",
            "fields": [
                {"from": name, "type": kind, "json": False, "needed": needed, "typed": []}
                for name, kind, needed in fields
            ],
        },
        "marks": [
            _columns(bad_0="coalesce(`cell 0` = '', true)", bad_1=f"`cell 1` <> '' AND {_SIZE} IS NULL"),
            _columns(
                row_reasons="CASE WHEN `bad 0` OR `bad 1` THEN filter(array("
                f"CASE WHEN `bad 0` THEN {_REASON.format('id', 'missing')} END, "
                f"CASE WHEN `bad 1` THEN {_REASON.format('size', 'not_an_integer')} END), "
                "one -> one IS NOT NULL) END",
                null_0="`bad 0`",
                null_1="coalesce(`cell 1` = '', true)",
                invalid_1="coalesce(`bad 1`, false)",
            ),
        ],
        "profile": _columns(
            nulls_0="count_if(`null 0`)",
            invalid_0="CAST(0 AS BIGINT)",
            numeric_0="CAST(0 AS BIGINT)",
            nulls_1="count_if(`null 1`)",
            invalid_1="count_if(`invalid 1`)",
            numeric_1="CAST(0 AS BIGINT)",
        ),
        "values": [
            _columns(id="`cell 0`", size=_SIZE, sized="`cell 1` IS NOT NULL"),
            _columns(row_rule="CASE WHEN (size <> 0) IS NOT TRUE THEN 'has_size' END"),
        ],
        "rules": ["known", "has_size"],
        "quarantineLine": "to_json(named_struct('row', `row number`, 'reasons', `row reasons`, 'record', "
        "CASE WHEN `row problem` IS NULL THEN named_struct('id', `cell 0`, 'size', `cell 1`) END, "
        "'raw', `row raw`), map('ignoreNullFields', 'false'))",
        "columns": [
            {"name": "id", "type": "STRING"},
            {"name": "size", "type": "BIGINT"},
            {"name": "sized", "type": "BOOLEAN"},
        ],
        "pseudonym": False,
        "target": {"format": "parquet"},
        **changes,
    }


def run_json(**changes: Any) -> str:
    """Give a run of the plan's dataset."""
    arrived = {"bucket": "raw", "key": "parcels/in.csv", "size": 10, "etag": "e", **changes.pop("object", {})}
    return json.dumps(
        {
            "runId": "run-1",
            "dataset": "parcels",
            "asOf": "2026-06-15T12:30:00.25Z",
            "object": arrived,
            **changes,
        }
    )


class Run:
    """A folder with an object, its plan, and what becomes of it."""

    def __init__(self, folder: Path, data: bytes, key: str = "in.csv", **plan: Any) -> None:
        self.input = folder / key
        self.input.write_bytes(data)
        self.plans = folder / "plans"
        self.plans.mkdir(exist_ok=True)
        (self.plans / "parcels.json").write_text(json.dumps(parcels(**plan)))
        self.output = folder / "output"
        arrived = {"key": f"parcels/{key}", "size": len(data)}
        self.arguments = [
            *("--run", run_json(object=arrived), "--plans", str(self.plans)),
            *("--input", str(self.input), "--output", str(self.output)),
        ]

    def left(self) -> list[str]:
        """Name what lies in the output folder."""
        found = self.output.iterdir() if self.output.exists() else ()
        return sorted(one.name for one in found if not one.name.startswith("."))

    def read(self, name: str) -> Any:
        """Read a JSON file of the output folder."""
        return json.loads((self.output / name).read_text())

    def quarantine(self) -> list[Any]:
        """Read the quarantine's lines."""
        return [json.loads(line) for line in (self.output / "quarantine.jsonl").read_text().splitlines()]
