-- Hands one job with a rate limit to RQ's limiter, which then fills its free slots. That half
-- follows rq/rate_limit.py of RQ 3.0: only the limiter knows which jobs it lets through, so their
-- keys are made from prefixes and not declared.
--
-- KEYS  1 to 7 as in requeue.lua   8 the set of limits   9 the limit   10 the jobs that it
--       allows   11 the jobs that it holds back
--       then the dependents of the jobs that it waits for
-- ARGV  1 to 7 as in requeue.lua   8 the limit's name   9 now in Unix seconds
--       10 what the keys of queues begin with   11 the same of jobs
-- Reply 1 handed over   0 somebody took it from where it stood   3 it changed meanwhile
--       4 it has no payload or no limit
--
-- Bounded by 500 jobs that are let through. Run twice, the second finds another status.
local id, job, date = ARGV[1], KEYS[2], ARGV[5]
local seen = redis.call('HMGET', job, 'status', 'enqueued_at', 'started_at', 'ended_at')
local data, ttl, slots = unpack(redis.call('HMGET', job, 'data', 'ttl', 'rate_limit_concurrency'))
slots, ttl = tonumber(slots), tonumber(ttl) or 0
if not data or not slots then return 4 end
for i = 1, 4 do seen[i] = seen[i] or '' end
if table.concat(seen, '\n') ~= ARGV[3] then return 3 end
if redis.call('ZREM', KEYS[3], id) == 0 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[2])

redis.call('SADD', KEYS[8], ARGV[8])
redis.call('HSET', KEYS[9], 'concurrency', slots)
redis.call('HSET', job, 'status', 'rate_limited', 'origin', ARGV[4], 'started_at', '',
  'ended_at', '', 'last_heartbeat', '', 'worker_name', '',
  'enqueue_at_front', ARGV[6] == 'front' and 1 or 0)
redis.call('HDEL', job, 'exc_info')
if ARGV[7] ~= '' then redis.call('HSET', job, 'retries_left', ARGV[7]) end
for _, key in ipairs({ job, KEYS[6], KEYS[7] }) do
  if ttl > 0 then redis.call('EXPIRE', key, ttl) else redis.call('PERSIST', key) end
end
-- Else the end of a job that it waited for would queue it a second time.
for at = 12, #KEYS do redis.call('SREM', KEYS[at], id) end
redis.call('SADD', KEYS[5], KEYS[4])
redis.call('ZADD', KEYS[11], ARGV[9], id)
for _ = 1, 500 do
  local next = redis.call('ZCARD', KEYS[10]) < slots and redis.call('ZPOPMIN', KEYS[11])[1]
  if not next then break end
  local waits = redis.call('HMGET', ARGV[11] .. next, 'origin', 'status', 'enqueue_at_front')
  if waits[1] and waits[2] == 'rate_limited' then
    redis.call('ZADD', KEYS[10], ARGV[9], next)
    redis.call(waits[3] == '1' and 'LPUSH' or 'RPUSH', ARGV[10] .. waits[1], next)
    redis.call('HSET', ARGV[11] .. next, 'status', 'queued', 'enqueued_at', date)
  end
end
return 1
