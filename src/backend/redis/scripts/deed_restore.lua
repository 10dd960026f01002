-- The deed of putting back as an image says. Needs `restore_steps.lua`.
--
-- KEYS  3, 4 unused   of each id: its hash, and every key that a step names
-- ARGV  5, 6 unused   of each id: the steps
local function deed(job) restore(job.word, job.last_word) end
