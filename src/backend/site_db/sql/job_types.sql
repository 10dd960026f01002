-- Every column, as they differ between versions: `scheduler_event` came with late 15.
SELECT * FROM `tabScheduled Job Type` ORDER BY `name` LIMIT ?
