-- Deletes one job that neither runs nor waits in a list.
--
-- KEYS  1 receipts   2 the job's hash   3 the sorted set that holds the job (its hash where
--       nothing does)   then ARGV[5] sorted sets to leave, ARGV[6] sets to leave, and the keys to
--       drop
-- ARGV  1 id   2 number of the image   3 fingerprint of the image   4 zset or none   5, 6 see KEYS
-- Reply 1 deleted   0 somebody took it from where it stood   2 it runs   3 it changed meanwhile
--
-- Run twice, the second finds nothing to take.
local id = ARGV[1]
local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at')
for i = 1, 4 do seen[i] = seen[i] or '' end
if seen[1] == 'started' then return 2 end
if table.concat(seen, '\n') ~= ARGV[3] then return 3 end

-- The reply of the removal is the only proof that nobody else has the job.
if ARGV[4] == 'zset' and redis.call('ZREM', KEYS[3], id) == 0 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[2])

local sorted_sets, sets = tonumber(ARGV[5]), tonumber(ARGV[6])
for i = 4, 3 + sorted_sets do redis.call('ZREM', KEYS[i], id) end
for i = 4 + sorted_sets, 3 + sorted_sets + sets do redis.call('SREM', KEYS[i], id) end
for i = 4 + sorted_sets + sets, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
