-- Queues one deferred job that no longer waits for a given parent.
--
-- KEYS  1 receipts   2 the job's hash   3 the deferred registry   4 the queue's list
--       5 the set of queues   6 the parent's dependents   then the hashes of the other parents
-- ARGV  1 id   2 number of the image   3 fingerprint of the image   4 now, as RQ writes dates
-- Reply 1 queued   0 it is not deferred any more   3 it changed meanwhile   4 it has no hash
--       6 it waits for another parent, or for a rate limit
--
-- Run twice, the second finds nothing to take.
local id = ARGV[1]
local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at',
  'enqueue_at_front', 'rate_limit_key')
if not seen[1] then return 4 end
for i = 1, 6 do seen[i] = seen[i] or '' end
if table.concat(seen, '\n', 1, 4) ~= ARGV[3] then return 3 end
if seen[6] ~= '' then return 6 end
for i = 7, #KEYS do
  local status = redis.call('HGET', KEYS[i], 'status')
  if status and status ~= 'finished' then return 6 end
end

if redis.call('ZREM', KEYS[3], id) == 0 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[2])

redis.call('SREM', KEYS[6], id)
redis.call('HSET', KEYS[2], 'status', 'queued', 'enqueued_at', ARGV[4])
redis.call('SADD', KEYS[5], KEYS[4])
redis.call(seen[5] == '1' and 'LPUSH' or 'RPUSH', KEYS[4], id)
return 1
