SELECT `stopped` FROM `tabScheduled Job Type` WHERE `name` = ? {for_update}
