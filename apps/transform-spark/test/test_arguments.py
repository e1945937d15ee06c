"""What the program is told."""

from datetime import datetime

import pytest

from plans import run_json
from transform_spark.arguments import Arguments, WrongArguments, parse_arguments


def parse(*argv: str, **run: object) -> Arguments:
    return parse_arguments(["--run", run_json(**run), "--plans", "s3://assets/plans/", *argv])


def test_places_follow_from_the_run() -> None:
    arguments = parse("--curated-bucket", "curated")
    assert arguments.input == "s3://raw/parcels/in.csv"
    assert arguments.output == "s3://curated/staging/run-1/"
    assert arguments.reads_arrival


def test_one_machine_names_its_own_places() -> None:
    arguments = parse("--input", "/data/in.csv", "--output", "/data/out")
    assert (arguments.input, arguments.output) == ("/data/in.csv", "/data/out/")
    assert not arguments.reads_arrival


def test_glues_own_arguments_are_passed_over_but_for_the_name_of_the_attempt() -> None:
    arguments = parse(
        "--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_2", "--TempDir", "s3://t", "--output", "/out", "--enable"
    )
    assert arguments.job_run_id == "jr_2"


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("12:30:00Z", 0), ("12:30Z", 0), ("12:30:00.2Z", 200), ("12:30:00.2509Z", 250), ("12:30:00.250Z", 250)],
)
def test_the_clock_is_utc_in_whole_milliseconds(text: str, milliseconds: int) -> None:
    clock = parse("--output", "/out", asOf=f"2026-06-15T{text}").as_of
    assert clock == datetime(2026, 6, 15, 12, 30, 0, milliseconds * 1000)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({"runId": "a/b"}, "run.runId"),
        ({"dataset": "../secrets"}, "run.dataset"),
        ({"dataset": None}, "run.dataset is missing"),
        ({"asOf": "2026-06-15T12:30:00+02:00"}, "run.asOf"),
        ({"asOf": "2026-13-15T12:30:00Z"}, "run.asOf"),
        ({"object": {"key": ""}}, "run.object.key"),
        ({"object": {"size": "10"}}, "run.object.size is no whole number"),
        ({"object": {"size": -1}}, "run.object.size is below zero"),
        ({"object": {"versionId": 7}}, "run.object.versionId is no text"),
    ],
)
def test_a_run_that_is_none_is_told_in_one_line(run: dict[str, object], message: str) -> None:
    with pytest.raises(WrongArguments) as wrong:
        parse("--output", "/out", **run)
    assert message in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--plans", "p", "--output", "o"], "--run"),
        (["--run", "{", "--plans", "p", "--output", "o"], "--run is no JSON"),
        (["--run", "[]", "--plans", "p", "--output", "o"], "run.runId is missing"),
        (["--run", run_json(), "--output", "o"], "--plans"),
        (["--run", run_json(), "--plans", "p"], "one of --curated-bucket and --output"),
    ],
)
def test_what_is_missing_is_named(argv: list[str], message: str) -> None:
    with pytest.raises(WrongArguments, match=message):
        parse_arguments(argv)
