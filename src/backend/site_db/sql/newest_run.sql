SELECT `name`, `creation`, `modified`, `status`, `scheduled_job_type`, NULL AS `details`
FROM `tabScheduled Job Log` ORDER BY `{stamp}` DESC LIMIT 1
