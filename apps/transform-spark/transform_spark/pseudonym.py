"""`sluice_pseudonym`: the one function of a plan that Spark does not have."""

import hmac
import os
from collections.abc import Callable

from pyspark.sql import SparkSession
from pyspark.sql.types import StringType

KEY_VARIABLE = "SLUICE_PSEUDONYM_KEY"


class KeyMissing(Exception):
    """The plan makes pseudonyms, and there is no key to make them with."""


def register_pseudonym(spark: SparkSession) -> None:
    """Register the function with the key of this process's environment. Raises KeyMissing."""
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        raise KeyMissing(f"the dataset makes pseudonyms, and {KEY_VARIABLE} is not set")
    spark.udf.register("sluice_pseudonym", pseudonym_with(key.encode()), StringType())


def pseudonym_with(key: bytes) -> Callable[[str | None], str | None]:
    """HMAC-SHA-256 as 64 lower-case hex digits. The key travels inside the function, and so in no plan or setting."""

    def pseudonym(text: str | None) -> str | None:
        return None if text is None else hmac.digest(key, text.encode(), "sha256").hex()

    return pseudonym
