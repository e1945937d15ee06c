"""
How a Glue job of the tutorials takes a file of orders: types are inferred, rows are counted, whole-row
duplicates go, columns are standardised and derived, what is not active or recent is filtered out, the rest is
written by partition, and counted for the log. Nothing is cached: each number that such a job logs is a pass of its own.

python multi_pass.py FILE AS_OF OUTPUT

It sets no row aside: a number or moment that it cannot read is null, rows that are too short or too long are
padded or cut, and "" inside quotes is misread. The last line of its output has its counts.
"""

import json
import sys

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

NUMBERS = ["amount", "quantity", "price"]


def main(path: str, as_of: str, output: str) -> None:
    """Takes the file to Parquet, and prints its counts."""
    # As it comes, Spark fails the job at the first `2026-6-1 1:2:3`; told so, it reads null.
    policy = {"spark.sql.legacy.timeParserPolicy": "CORRECTED"}
    spark = SparkSession.builder.appName("orders").config(map=policy).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    clock = f.to_timestamp(f.lit(as_of.removesuffix("Z")))

    orders = spark.read.csv(path, header=True, inferSchema=True)
    rows = orders.count()
    unique = orders.dropDuplicates()
    unique_rows = unique.count()

    published = derived(standardised(unique), clock).filter(
        f.col("status").isin("ACTIVE", "PENDING")
        & (f.col("created_date") >= clock - f.expr("INTERVAL 365 DAYS"))
    )
    partition = ["process_year", "process_month", "process_day"]
    published.write.mode("overwrite").partitionBy(*partition).parquet(output)

    counts = {"rowsIn": rows, "duplicates": rows - unique_rows, "written": published.count()}
    print(json.dumps(counts))
    spark.stop()


def standardised(orders: DataFrame) -> DataFrame:
    """Numbers, moments and names as they are to be published."""
    typed = {name: f.col(name).cast("double") for name in NUMBERS}
    typed["created_date"] = f.to_timestamp("created_date", "yyyy-MM-dd HH:mm:ss")
    return orders.withColumns(typed).fillna({"name": "UNKNOWN"}).withColumn("name", f.upper(f.trim("name")))


def derived(orders: DataFrame, clock: Column) -> DataFrame:
    """What is made of other columns, and the partition."""
    amount, region, created = f.col("amount"), f.col("region_code"), f.col("created_date")
    category = f.when(amount < 1000, "Small").when(amount < 10_000, "Medium").when(amount >= 10_000, "Large")
    # Types were inferred: 01 is 1 by now.
    region_name = f.when(region == 1, "North").when(region == 2, "South")
    region_name = region_name.when(region == 3, "East").when(region == 4, "West")
    return orders.withColumns(
        {
            "email_masked": f.regexp_replace("email", r"^(.{0,2}).*(@.*)$", "$1***$2"),
            "total_amount": f.col("quantity") * f.col("price"),
            "amount_category": category,
            "region_name": region_name,
            "data_year": f.year(created),
            "data_month": f.month(created),
            "process_year": f.year(clock),
            "process_month": f.month(clock),
            "process_day": f.dayofmonth(clock),
        }
    ).drop("email")


if __name__ == "__main__":
    main(*sys.argv[1:])
