-- The latest 200 runs: what came in, what became of its rows, and why a refused object was refused.
-- The columns are those of `sluice query "SELECT * FROM runs"`, and where to find what is in quarantine.
SELECT
  runid AS run_id,
  dataset,
  status,
  from_iso8601_timestamp(asof) AS as_of,
  object.key AS object_key,
  object.size AS object_bytes,
  object.etag AS object_etag,
  engine,
  quality.verdict.score AS score,
  quality.verdict.threshold AS threshold,
  coalesce(counts.rowsin, quality.profile.rowsin) AS rows_in,
  counts.accepted AS accepted,
  -- Nothing was published unless the four add up.
  counts.rowsin - counts.accepted - counts.duplicates - counts.quarantined AS filtered,
  counts.duplicates AS duplicates,
  counts.quarantined AS quarantined,
  message AS refused_because,
  coalesce(quarantine.key, quarantined.key) AS quarantine_key
FROM {{database}}.runs
ORDER BY asof DESC, runid
LIMIT 200
