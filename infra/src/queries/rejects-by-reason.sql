-- What was not published, and why: quarantined rows by field and reason, and objects that were refused as a whole.
-- A row with several faults counts under each of them. A row that could not be read at all has no field.
SELECT
  dataset,
  'rows' AS of_what,
  reason.field AS field,
  reason.code AS code,
  sum(reason.rows) AS rejected,
  count(*) AS runs,
  max(asof) AS latest
FROM {{database}}.runs
CROSS JOIN UNNEST(counts.reasons) AS reason (field, code, rows)
GROUP BY dataset, reason.field, reason.code
UNION ALL
SELECT
  dataset,
  'objects' AS of_what,
  NULL AS field,
  code,
  count(*) AS rejected,
  count(*) AS runs,
  max(asof) AS latest
FROM {{database}}.runs
WHERE status = 'rejected'
GROUP BY dataset, code
ORDER BY dataset, of_what, rejected DESC, code, field
