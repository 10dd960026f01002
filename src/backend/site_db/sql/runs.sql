-- Only one of the two times has an index, which one depends on the version. Nothing is modified
-- before it is created, so asking for both loses no row.
SELECT `name`, `creation`, `modified`, `status`, `scheduled_job_type`, {details_tail} AS `details`
FROM `tabScheduled Job Log`
WHERE `creation` >= ? AND `modified` >= ?
  AND (? IS NULL OR `scheduled_job_type` = ?)
  AND (? IS NULL OR `status` = ?)
ORDER BY `creation` DESC LIMIT ?
