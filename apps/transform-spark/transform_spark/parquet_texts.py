"""Typed values as the texts that DuckDB gives for them, so that a text field is the same whichever engine reads it."""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F


def date_text(value: Column) -> Column:
    """Write a day as `yyyy-MM-dd`."""
    return _unsigned(value.cast("string"))


def instant_text(value: Column) -> Column:
    """Write an instant as `yyyy-MM-ddTHH:mm:ss.SSSZ`, finer digits cut off. The session's time zone is UTC."""
    parts = F.split(_unsigned(value.cast("string")), r"\.", 2)
    fraction = F.rpad(F.coalesce(F.get(parts, 1), F.lit("")), 3, "0")
    return F.concat(F.translate(F.get(parts, 0), " ", "T"), F.lit("."), fraction, F.lit("Z"))


def _unsigned(text: Column) -> Column:
    """Leave out the sign that Java puts before a year of five digits."""
    return F.regexp_replace(text, r"^\+", "")


def micros_of_nanos(value: Column) -> Column:
    """Cut nanoseconds to microseconds, before 1970 too, and not by way of a double."""
    thousand = F.lit(1000)
    return F.call_function("div", value - F.pmod(value, thousand), thousand)


def double_text(value: Column) -> Column:
    """Write a double with the fewest digits that tell it from others: `0.1`, `1e+16`, `1.5e-05`."""
    java = value.cast("string")
    # Java 17 sometimes writes a digit too many; no two doubles have the same 15 digits.
    written = _shortest(value, "double", (14, 15, 16))
    exponent = F.substring_index(written, "e", -1)
    # 17 digits from the 16th place before the point on.
    digits = F.regexp_replace(written.cast("decimal(38,22)").cast("string"), "0+$", "")
    scientific = F.concat(
        F.regexp_replace(F.substring_index(written, "e", 1), r"\.?0+$", ""), F.lit("e"), exponent
    )
    return (
        # `format_string` writes a null out.
        F.when(value.isNull(), None)
        .when(F.isnan(value), "nan")
        .when(F.abs(value) == float("inf"), F.when(value > 0, "inf").otherwise("-inf"))
        .when(~java.contains("E") & (F.length(java) <= 16), java)
        .when(exponent.cast("int").between(-4, 15), F.regexp_replace(digits, r"\.$", ".0"))
        .otherwise(scientific)
    )


def widened(value: Column) -> Column:
    """Make a float the double of its shortest text: 0.1, where a cast gives 0.10000000149011612."""
    return F.when(value.isNotNull(), _shortest(value, "float", (5, 6, 7, 8)).cast("double"))


def _shortest(value: Column, kind: str, digits: tuple[int, ...]) -> Column:
    """Write a number with as many digits behind the first as it takes to read the same number again."""
    *some, most = (F.format_string(f"%.{count}e", value) for count in digits)
    return reduce(
        lambda longer, one: F.when(one.cast(kind) == value, one).otherwise(longer), reversed(some), most
    )
