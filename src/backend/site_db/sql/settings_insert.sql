INSERT INTO `tabSingles` (`doctype`, `field`, `value`) VALUES ('System Settings', ?, ?)
