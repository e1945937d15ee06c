"""Parquet: columns by name, values as texts. Follows packages/record-transform/src/duckdb/parquet-source.ts."""

import json
import re
from dataclasses import dataclass
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transform_spark.header import match_header
from transform_spark.objects import StoredObject, java, located
from transform_spark.parquet_texts import date_text, double_text, instant_text, micros_of_nanos, widened
from transform_spark.plan import PlannedField, ReadPlan
from transform_spark.read_rows import ReadRows, rows_of, text_of
from transform_spark.refusal import Refused, quoted

_INTEGERS = {"INTEGER(64,false)": T.DecimalType(20, 0), "INTEGER(32,false)": T.LongType()}


@dataclass(frozen=True)
class ParquetColumn:
    """`kind` is how values are stored, `meaning` what they are, in the format's words; nested ones have neither."""

    name: str
    kind: str
    meaning: str
    nested: T.DataType | None = None

    @property
    def is_nested(self) -> bool:
        """It holds lists, maps or structs."""
        return self.nested is not None

    @property
    def is_instant(self) -> bool:
        """It holds points in time."""
        return self.kind == "INT96" or self.meaning.startswith("TIMESTAMP")


def read_parquet(spark: SparkSession, plan: ReadPlan, stored: StoredObject) -> ReadRows:
    """Read a Parquet object. Raises Refused (`corrupt_parquet`, `nested_column`, and what `match_header` raises)."""
    columns = _footer(spark, stored.uri)
    header = match_header(plan, [column.name for column in columns])
    chosen = [None if at is None else columns[at] for at in header.positions]
    for field, column in zip(plan.fields, chosen, strict=True):
        if column and column.is_nested and not (field.type == "text" and field.json):
            raise Refused("nested_column", f"the column {quoted(column.name)} holds nested values")
    wanted = list(dict.fromkeys(column for column in chosen if column))
    frame = (
        spark.read.schema(T.StructType([T.StructField(column.name, _type_of(column)) for column in wanted]))
        .option("datetimeRebaseMode", "CORRECTED")
        .option("int96RebaseMode", "CORRECTED")
        .parquet(stored.uri)
        .select(*(F.col(_escaped(column.name)).alias(f"c{at}") for at, column in enumerate(wanted)))
    )
    cells = [
        _cell(F.col(f"c{wanted.index(column)}"), column, field) if column else F.lit(None)
        for field, column in zip(plan.fields, chosen, strict=True)
    ]
    typed = [
        at
        for at, (field, column) in enumerate(zip(plan.fields, chosen, strict=True))
        if column and _is_typed(column, field)
    ]
    return ReadRows(rows_of(frame, F.lit(None), F.lit(None), cells), header.unknown_columns, frozenset(typed))


def _footer(spark: SparkSession, uri: str) -> list[ParquetColumn]:
    hadoop = java(spark).org.apache.parquet.hadoop
    files, path = located(spark, uri)
    try:
        reader = hadoop.ParquetFileReader.open(hadoop.util.HadoopInputFile.fromPath(path, files.getConf()))
    except Py4JJavaError as error:
        refused = Refused.found_in(error)
        raise (refused or error) from None
    try:
        schema = reader.getFooter().getFileMetaData().getSchema()
    finally:
        reader.close()
    return [_column(spark, one) for one in schema.getFields()]


def _column(spark: SparkSession, field: Any) -> ParquetColumn:
    if not field.isPrimitive() or str(field.getRepetition().name()) == "REPEATED":
        return ParquetColumn(str(field.getName()), "", "", _nested_type(spark, field))
    meaning = field.getLogicalTypeAnnotation()
    kind = str(field.asPrimitiveType().getPrimitiveTypeName().name())
    return ParquetColumn(str(field.getName()), kind, str(meaning.toString()) if meaning else "")


def _nested_type(spark: SparkSession, field: Any) -> T.DataType:
    """Ask Spark, of this one column: it refuses a file for any column that it does not know."""
    parquet = java(spark).org.apache.spark.sql.execution.datasources.parquet
    converter = parquet.ParquetToSparkSchemaConverter(cast(Any, spark)._jsparkSession.sessionState().conf())
    fields = java(spark).java.util.ArrayList()
    fields.add(field)
    message = java(spark).org.apache.parquet.schema.MessageType("column", fields)
    return T.StructType.fromJson(json.loads(converter.convert(message).json()))[0].dataType


def _escaped(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _type_of(column: ParquetColumn) -> T.DataType:
    """Say what Spark is to read a column as; it takes no column that it cannot name itself."""
    kind, meaning = column.kind, column.meaning
    if column.nested:
        return column.nested
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", meaning)
    if decimal:
        return T.DecimalType(int(decimal[1]), int(decimal[2]))
    if column.is_instant:
        if "NANOS" in meaning:
            return T.LongType()
        return T.TimestampNTZType() if meaning.endswith(",false)") else T.TimestampType()
    if kind == "INT32":
        return T.DateType() if meaning == "DATE" else _INTEGERS.get(meaning, T.IntegerType())
    if kind == "INT64":
        return _INTEGERS.get(meaning, T.LongType())
    if kind == "BINARY":
        return T.StringType() if meaning in ("STRING", "ENUM", "JSON") else T.BinaryType()
    simple = {"BOOLEAN": T.BooleanType(), "FLOAT": T.FloatType(), "DOUBLE": T.DoubleType()}
    return simple.get(kind, T.BinaryType())


def _is_typed(column: ParquetColumn, field: PlannedField) -> bool:
    is_day = column.meaning == "DATE"
    return (field.type == "timestamp" and (is_day or column.is_instant)) or (field.type == "date" and is_day)


def _cell(value: Column, column: ParquetColumn, field: PlannedField) -> Column:
    if column.is_nested:
        return F.to_json(value, {"ignoreNullFields": "false"})
    if column.is_instant:
        nanos = "NANOS" in column.meaning
        return instant_text(F.timestamp_micros(micros_of_nanos(value)) if nanos else value)
    if column.meaning == "DATE":
        return instant_text(value.cast("timestamp_ntz")) if field.type == "timestamp" else date_text(value)
    if column.kind == "FLOAT":
        return double_text(widened(value))
    if column.kind == "DOUBLE":
        return double_text(value)
    if isinstance(_type_of(column), T.BinaryType):
        return text_of(value)
    return value.cast("string")
