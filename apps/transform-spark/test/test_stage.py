"""Rows on their way to their fates."""

import json
import random
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from plans import Run
from transform_spark.arguments import parse_arguments
from transform_spark.figures import Counts, LawBroken
from transform_spark.main import transform
from transform_spark.plan import parse_plan
from transform_spark.progress import Progress

MESSY = b"""id,size,colour
a,1,red
,0,red
b,0,red
a,1,blue
,0,red

c,x,red
d
"e"x,1,red
a,2,red
,y,red
"""


def stage(spark: SparkSession, run: Run) -> Run:
    plan = parse_plan((run.plans / "parcels.json").read_text(), "parcels")
    transform(spark, plan, parse_arguments(run.arguments), Progress())
    return run


@pytest.fixture(scope="module")
def messy(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return stage(spark, Run(tmp_path_factory.mktemp("messy"), MESSY))


def test_every_row_has_one_fate(messy: Run) -> None:
    assert messy.read("transform.json") == {
        "engine": "spark",
        "counts": {
            "rowsIn": 10,
            "accepted": 2,
            "filtered": [{"rule": "has_size", "rows": 1}],
            "duplicates": 2,
            "quarantined": 5,
            "reasons": [
                {"field": "id", "code": "missing", "rows": 2},
                {"field": "size", "code": "not_an_integer", "rows": 2},
                {"field": None, "code": "malformed_quote", "rows": 1},
                {"field": None, "code": "wrong_field_count", "rows": 1},
            ],
        },
        "unknownColumns": ["colour"],
    }


def test_figures_are_of_all_readable_rows(messy: Run) -> None:
    assert messy.read("figures.json") == {
        "rowsIn": 10,
        "malformed": 2,
        "duplicates": 2,
        "fields": [
            {"nulls": 3, "invalid": 0, "numericLooking": 0},
            {"nulls": 0, "invalid": 2, "numericLooking": 0},
        ],
    }


def test_quarantined_rows_are_told_by_their_number(messy: Run) -> None:
    lines = messy.quarantine()
    assert [line["row"] for line in lines] == [2, 6, 7, 8, 10]
    assert lines[1] == {
        "row": 6,
        "reasons": [{"field": "size", "code": "not_an_integer"}],
        "record": {"id": "c", "size": "x"},
        "raw": None,
    }
    assert lines[2] == {
        "row": 7,
        "reasons": [{"field": None, "code": "wrong_field_count"}],
        "record": None,
        "raw": "d",
    }


def test_accepted_rows_have_the_published_columns_all_of_which_may_be_null(messy: Run) -> None:
    (file,) = (messy.output / "accepted-rows").glob("*.parquet")
    table = pq.read_table(file)
    assert sorted(table.column("size").to_pylist()) == [1, 2]
    assert table.schema.names == ["id", "size", "sized"]
    assert all(field.nullable for field in table.schema)


def test_nothing_else_is_left(messy: Run) -> None:
    assert messy.left() == ["accepted-rows", "figures.json", "quarantine.jsonl", "transform.json"]
    assert not (messy.output / "accepted-rows" / "_SUCCESS").exists()


def test_what_an_attempt_that_died_has_left_goes_first(spark: SparkSession, tmp_path: Path) -> None:
    stage(spark, Run(tmp_path, MESSY))
    again = stage(spark, Run(tmp_path, b"id,size\na,0\n"))
    assert again.left() == ["figures.json", "transform.json"]
    assert again.read("transform.json")["counts"]["rowsIn"] == 1


def test_an_object_without_rows_leaves_its_counts(spark: SparkSession, tmp_path: Path) -> None:
    empty = stage(spark, Run(tmp_path, b"id,size\n"))
    assert empty.left() == ["figures.json", "transform.json"]
    assert empty.read("figures.json")["fields"][1] == {"nulls": 0, "invalid": 0, "numericLooking": 0}


def test_a_refused_object_leaves_its_refusal_alone(spark: SparkSession, tmp_path: Path) -> None:
    stage(spark, Run(tmp_path, MESSY))
    refused = stage(spark, Run(tmp_path, b"size\n1\n"))
    assert refused.left() == ["figures.json"]
    assert refused.read("figures.json")["refusal"]["code"] == "missing_column"


def test_the_first_of_equal_rows_stays_wherever_they_lie(
    spark: SparkSession, tmp_path: Path, small_splits: int
) -> None:
    chance = random.Random(8)
    rows = [f"{chance.choice(['', 'a', 'b', 'c'])},{chance.choice(['x', '1', '2', ''])}" for _ in range(300)]
    run = stage(spark, Run(tmp_path, ("id,size\n" + "\n".join(rows)).encode()))
    firsts = {row: rows.index(row) + 1 for row in rows}
    assert run.read("transform.json")["counts"]["duplicates"] == len(rows) - len(firsts)
    faulty = sorted(at for row, at in firsts.items() if row.startswith(",") or row.endswith("x"))
    assert [line["row"] for line in run.quarantine()] == faulty


def test_equal_hashes_alone_make_no_duplicates(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transform_spark import stage as stage_module

    judge = stage_module.judge

    def with_one_hash(*given: object) -> object:
        judged = judge(*given)  # type: ignore[arg-type]
        same = F.when(F.col("`row hash`").isNotNull(), F.lit(7)).cast("bigint")
        return judged.withColumn("row hash", same)

    monkeypatch.setattr(stage_module, "judge", with_one_hash)
    counts = stage(spark, Run(tmp_path, MESSY)).read("transform.json")["counts"]
    assert (counts["duplicates"], counts["accepted"], counts["quarantined"]) == (2, 2, 5)


def test_an_absent_value_and_an_empty_one_are_different(spark: SparkSession, tmp_path: Path) -> None:
    data = b'{"id":"a","size":""}\n{"id":"a"}\n{"id":"a","size":null}\n'
    counts = stage(spark, Run(tmp_path, data, "in.json")).read("transform.json")["counts"]
    assert counts["duplicates"] == 1


def test_rows_that_one_task_reads_are_spread_and_keep_their_numbers(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transform_spark import stage as stage_module

    monkeypatch.setattr(stage_module, "_TASK_BYTES", 100)
    monkeypatch.setattr(stage_module, "_SPREAD_ROWS", 4)
    data = "id,size\n" + "".join(f"{at},{'x' if at % 7 == 0 else at}\n" for at in range(1, 100))
    run = stage(spark, Run(tmp_path, data.encode()))
    assert [line["row"] for line in run.quarantine()] == list(range(7, 100, 7))


def test_reasons_are_those_of_the_lines_that_were_written(messy: Run) -> None:
    counted = Counter(
        (reason["field"], reason["code"]) for line in messy.quarantine() for reason in line["reasons"]
    )
    reported = messy.read("transform.json")["counts"]["reasons"]
    assert counted == {(one["field"], one["code"]): one["rows"] for one in reported}


def test_a_lost_row_breaks_the_law() -> None:
    with pytest.raises(
        LawBroken, match=r"10 rows in, but 5 accepted \+ 3 filtered \+ 1 duplicates \+ 0 quar"
    ):
        Counts(rows_in=10, accepted=5, filtered={"a": 1, "b": 2}, duplicates=1, quarantined=0).check()


def test_nothing_is_reported_of_rows_that_do_not_add_up(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transform_spark import stage as stage_module

    monkeypatch.setattr(stage_module, "write_quarantine", lambda *_: (4, []))
    run = Run(tmp_path, MESSY)
    with pytest.raises(LawBroken):
        stage(spark, run)
    assert "transform.json" not in run.left()


def test_pseudonyms_need_a_key(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transform_spark.pseudonym import KEY_VARIABLE, KeyMissing

    values = [
        [*parcels_values()[0], {"name": "who", "sql": "sluice_pseudonym(`cell 0`)"}],
        parcels_values()[1],
    ]
    run = Run(
        tmp_path,
        b"id,size\na,1\n",
        pseudonym=True,
        values=values,
        columns=[{"name": "who", "type": "STRING"}],
    )
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(KeyMissing, match=KEY_VARIABLE):
        stage(spark, run)
    monkeypatch.setenv(KEY_VARIABLE, "kéy")
    stage(spark, run)
    (file,) = (run.output / "accepted-rows").glob("*.parquet")
    # printf a | openssl dgst -sha256 -hmac kéy
    assert pq.read_table(file).column("who").to_pylist() == [PSEUDONYM_OF_A]
    settings = json.dumps(spark.sparkContext.getConf().getAll())
    assert "kéy" not in settings


def parcels_values() -> list[list[dict[str, str]]]:
    from plans import parcels

    return parcels()["values"]


PSEUDONYM_OF_A = "093462ec5c96f373410c2d841788bfd98ed56bf641fb7071ab6b2ca27258c82c"
