-- Cancels one job that waits.
--
-- KEYS  1 receipts   2 the job's hash   3 the list or sorted set that holds the job
--       4 the canceled registry of its queue   then the dependents of other jobs that hold it
-- ARGV  1 id   2 number of the image   3 fingerprint of the image   4 list or zset
--       5 count of LREM: 1 from the head, -1 from the tail   6 now, whole Unix seconds
-- Reply 1 canceled   0 somebody took it from where it stood   2 it runs   3 it changed meanwhile
--       4 it has no hash
--
-- Bounded by one LREM. Run twice, the second finds nothing to take.
local id = ARGV[1]
local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at')
if not seen[1] then return 4 end
for i = 1, 4 do seen[i] = seen[i] or '' end
if seen[1] == 'started' then return 2 end
if table.concat(seen, '\n') ~= ARGV[3] then return 3 end

-- The reply of the removal is the only proof that no worker has the job.
if ARGV[4] == 'list' then
  if redis.call('LREM', KEYS[3], ARGV[5], id) == 0 then return 0 end
elseif redis.call('ZREM', KEYS[3], id) == 0 then
  return 0
end
redis.call('RPUSH', KEYS[1], ARGV[2])

redis.call('HSET', KEYS[2], 'status', 'canceled')
redis.call('ZADD', KEYS[4], ARGV[6], id)
-- Else a worker that is about to queue it, as the job that it waits for has ended, does so.
for at = 5, #KEYS do redis.call('SREM', KEYS[at], id) end
return 1
