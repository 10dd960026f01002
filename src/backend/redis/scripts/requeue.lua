-- Queues one job again that stands in a registry.
--
-- KEYS  1 receipts   2 the job's hash   3 the sorted set that holds the job
--       4 the queue's list   5 the set of queues   6 the job's dependents   7 its dependencies
--       then the dependents of the jobs that it waits for
-- ARGV  1 id   2 number of the image   3 fingerprint of the image   4 the queue's name
--       5 now as a date   6 front or back   7 the retries that it gets, empty: as many as it has
--       8 most entries of the queue, 0: any number
-- Reply 1 queued   0 somebody took it from where it stood   3 it changed meanwhile
--       4 it has no payload   7 the queue is full
--
-- Run twice, the second finds another status or nothing to take.
local id, most = ARGV[1], tonumber(ARGV[8])
local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at')
local data, ttl = unpack(redis.call('HMGET', KEYS[2], 'data', 'ttl'))
if not data then return 4 end
for i = 1, 4 do seen[i] = seen[i] or '' end
if table.concat(seen, '\n') ~= ARGV[3] then return 3 end
if most > 0 and redis.call('LLEN', KEYS[4]) >= most then return 7 end

-- The reply of the removal is the only proof that nobody else has the job.
if redis.call('ZREM', KEYS[3], id) == 0 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[2])

redis.call('HSET', KEYS[2], 'status', 'queued', 'origin', ARGV[4], 'enqueued_at', ARGV[5],
  'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '')
redis.call('HDEL', KEYS[2], 'exc_info')
if ARGV[7] ~= '' then redis.call('HSET', KEYS[2], 'retries_left', ARGV[7]) end
ttl = tonumber(ttl) or 0
for _, key in ipairs({ KEYS[2], KEYS[6], KEYS[7] }) do
  if ttl > 0 then redis.call('EXPIRE', key, ttl) else redis.call('PERSIST', key) end
end
-- Else the end of a job that it waited for would queue it a second time.
for at = 8, #KEYS do redis.call('SREM', KEYS[at], id) end
redis.call('SADD', KEYS[5], KEYS[4])
redis.call(ARGV[6] == 'front' and 'LPUSH' or 'RPUSH', KEYS[4], id)
return 1
