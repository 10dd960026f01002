-- The deed of running next: they go to the head of their own list, the first of them first.
--
-- KEYS  3 unused   4 the set of queues   of each id: its hash
-- ARGV  5, 6 unused
local promoted = {}
local function deed(id, n)
  promoted[#promoted + 1] = id
  if n < taken[#taken] then return end
  for k = #promoted, 1, -1 do redis.call('LPUSH', list, promoted[k]) end
  redis.call('SADD', KEYS[4], list)
end
