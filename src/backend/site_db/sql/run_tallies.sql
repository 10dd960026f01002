-- As in runs.sql: asking for both times uses the index that there is.
SELECT `scheduled_job_type`, `status`, COUNT(*) AS `runs`, MAX(`creation`) AS `last_started`,
  AVG({elapsed_s}) AS `mean_s`, MAX({elapsed_s}) AS `longest_s`
FROM `tabScheduled Job Log`
WHERE `creation` >= ? AND `modified` >= ?
GROUP BY `scheduled_job_type`, `status`
ORDER BY `scheduled_job_type`, `status`
