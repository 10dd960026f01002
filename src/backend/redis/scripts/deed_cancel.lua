-- The deed of canceling.
--
-- KEYS  3 the canceled registry   4 unused   of each id: its hash; sorted sets to leave
-- ARGV  5 now, whole Unix seconds   6 unused
local function deed(job)
  redis.call('HSET', KEYS[job.key], 'status', 'canceled')
  redis.call('ZADD', KEYS[3], ARGV[5], job.id)
  for k = job.key + 1, job.last_key do redis.pcall('ZREM', KEYS[k], job.id) end
end
