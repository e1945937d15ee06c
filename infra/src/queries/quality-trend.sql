-- How good each dataset was on each day: its runs, their mean score, and the worst of them.
-- An object that was refused before it was scored counts as a run and as refused, but has no score.
SELECT
  dataset,
  CAST(substr(asof, 1, 10) AS date) AS day,
  count(*) AS runs,
  count_if(status = 'rejected') AS refused,
  count(quality.verdict.score) AS scored,
  round(avg(quality.verdict.score), 2) AS mean_score,
  min(quality.verdict.score) AS worst_score,
  min_by(runid, quality.verdict.score) AS worst_run,
  max(quality.verdict.threshold) AS threshold
FROM {{database}}.runs
GROUP BY dataset, CAST(substr(asof, 1, 10) AS date)
ORDER BY day DESC, dataset
