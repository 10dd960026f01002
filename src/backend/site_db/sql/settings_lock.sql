-- The rows that switching replaces, held until the transaction ends.
SELECT `field`, `value` FROM `tabSingles`
WHERE `doctype` = 'System Settings'
  AND `field` IN ('enable_scheduler', 'modified', 'modified_by')
{for_update}
