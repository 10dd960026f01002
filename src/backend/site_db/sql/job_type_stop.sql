UPDATE `tabScheduled Job Type`
SET `stopped` = ?, `modified` = ?, `modified_by` = 'Administrator'
WHERE `name` = ?
