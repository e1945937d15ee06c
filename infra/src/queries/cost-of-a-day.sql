-- About what each day's runs cost in US dollars: state transitions, Lambda, Spark on Glue and requests to S3, at AWS's list
-- prices. An estimate: a manifest has sizes and counts, but no durations, so seconds are assumed from bytes.
-- Left out: storage, KMS, CloudWatch, SQS, SNS, X-Ray, crawlers, Athena itself, retries, discovery, runs that failed and
-- so left no manifest, objects that Spark read and that were refused, and AWS's free tier. The bill is in Cost Explorer, by the tags Project and Environment.
-- Prices and assumptions: packages/workflows/src/plan/prices.ts.
WITH run AS (
  SELECT
    CAST(substr(asof, 1, 10) AS date) AS day,
    object.size AS bytes_in,
    coalesce(counts.rowsin, quality.profile.rowsin) AS rows_in,
    CASE
      WHEN status = 'published' AND engine = 'spark' THEN {{transitions_spark}}
      WHEN status = 'published' THEN {{transitions_published}}
      WHEN gate = 'quality' THEN {{transitions_refused_by_quality}}
      ELSE {{transitions_refused_by_validation}}
    END AS transitions,
    CASE
      WHEN status = 'published' AND engine = 'spark' THEN {{invocations_spark}}
      WHEN status = 'published' THEN {{invocations_published}}
      WHEN gate = 'quality' THEN {{invocations_refused_by_quality}}
      ELSE {{invocations_refused_by_validation}}
    END AS invocations,
    CASE
      WHEN status = 'published' AND engine = 'spark' THEN {{gb_seconds_spark}}
      WHEN status = 'published' THEN {{gb_seconds_published}} + {{gb_seconds_per_byte_published}} * object.size
      WHEN gate = 'quality' THEN {{gb_seconds_refused_by_quality}} + {{gb_seconds_per_byte_refused_by_quality}} * object.size
      ELSE {{gb_seconds_refused_by_validation}}
    END AS gb_seconds,
    CASE
      WHEN engine = 'spark' THEN {{dpu_seconds_spark}} + {{dpu_seconds_per_byte_spark}} * object.size
      ELSE 0
    END AS dpu_seconds
  FROM {{database}}.runs
),
a_day AS (
  SELECT
    day,
    count(*) AS runs,
    sum(bytes_in) AS bytes_in,
    sum(rows_in) AS rows_in,
    sum(transitions) AS transitions,
    round(sum(gb_seconds), 2) AS gb_seconds,
    sum(transitions) * {{usd_per_transition}} AS step_functions_usd,
    sum(gb_seconds) * {{usd_per_gb_second}} + sum(invocations) * {{usd_per_invocation}} AS lambda_usd,
    sum(dpu_seconds) / 3600 * {{usd_per_dpu_hour}} AS spark_usd,
    count(*) * ({{s3_writes}} * {{usd_per_s3_write}} + {{s3_reads}} * {{usd_per_s3_read}}) AS s3_usd
  FROM run
  GROUP BY day
)
SELECT
  day,
  runs,
  bytes_in,
  rows_in,
  transitions,
  gb_seconds,
  round(step_functions_usd, 6) AS step_functions_usd,
  round(lambda_usd, 6) AS lambda_usd,
  round(spark_usd, 6) AS spark_usd,
  round(s3_usd, 6) AS s3_usd,
  round(step_functions_usd + lambda_usd + spark_usd + s3_usd, 6) AS usd
FROM a_day
ORDER BY day DESC
