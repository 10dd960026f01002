SELECT `status`, COUNT(*) AS `mails` FROM `tabEmail Queue`
WHERE `creation` >= ? AND `modified` >= ?
GROUP BY `status` ORDER BY `status`
