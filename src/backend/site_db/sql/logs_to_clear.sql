SELECT `ref_doctype`, `days` FROM `tabLogs To Clear` ORDER BY `idx`, `ref_doctype` LIMIT ?
