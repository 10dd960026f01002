-- The deed of putting back as an image says. Needs `restore_steps.lua`.
--
-- KEYS  3, 4 unused   of each id: its hash, and every key that a step names
-- ARGV  5, 6 unused   of each id: the steps
local function deed(_, n, word) restore(word, arg_of[n + 1] - 1) end
