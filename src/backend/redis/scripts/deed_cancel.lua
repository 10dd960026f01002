-- The deed of canceling.
--
-- KEYS  3 the canceled registry   4 unused   of each id: its hash; sets; sorted sets
-- ARGV  5 now, whole Unix seconds   6 unused   of each id: how many sets
-- The sets are the dependents of other jobs: else a worker that is about to queue it, as the job
-- that it waits for has ended, does so. The sorted sets are those of its rate limit.
local function deed(id, n, word)
  local sets = key_of[n] + 1
  local sorted = sets + ARGV[word]
  redis.call('HSET', KEYS[key_of[n]], 'status', 'canceled')
  redis.call('ZADD', KEYS[3], ARGV[5], id)
  for k = sets, sorted - 1 do redis.pcall('SREM', KEYS[k], id) end
  for k = sorted, key_of[n + 1] - 1 do redis.pcall('ZREM', KEYS[k], id) end
end
