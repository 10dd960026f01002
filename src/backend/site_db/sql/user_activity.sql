-- The last activity that counts against dormancy, from 16 on.
SELECT MAX(`last_active`) AS `last` FROM `tabUser`
