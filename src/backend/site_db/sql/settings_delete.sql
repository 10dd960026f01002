-- Frappe deletes and inserts, because an update alone would miss an absent row and keep duplicates.
DELETE FROM `tabSingles`
WHERE `doctype` = 'System Settings'
  AND `field` IN ('enable_scheduler', 'modified', 'modified_by')
