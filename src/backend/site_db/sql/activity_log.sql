-- The last activity that counts against dormancy, up to the 16 development line.
SELECT MAX(`{stamp}`) AS `last` FROM `tabActivity Log`
