-- Only one of the two times has an index, which one depends on the version. Nothing is modified
-- before it is created, so asking for both loses no row.
SELECT `name`, `creation`, `method`, {error_tail} AS `error`
FROM `tabError Log`
WHERE `creation` >= ? AND `modified` >= ?
ORDER BY {stamp} DESC LIMIT ?
