SELECT COUNT(*) AS `errors` FROM `tabError Log` WHERE `creation` >= ? AND `modified` >= ?
