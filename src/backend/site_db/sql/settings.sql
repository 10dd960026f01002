-- What System Settings says of scheduling. Singles have no key: a field may have several rows, and
-- they stay in the order in which the engine keeps them.
SELECT `field`, `value` FROM `tabSingles`
WHERE `doctype` = 'System Settings'
  AND `field` IN ('enable_scheduler', 'time_zone', 'dormant_days')
