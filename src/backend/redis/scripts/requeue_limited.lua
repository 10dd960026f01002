-- Hands one job to RQ's rate limiter, if it still stands in the registry, and lets the limiter
-- fill its free slots. The limiter's half follows `rq/rate_limit.py` of RQ 3.0: which jobs it lets
-- through only it knows, so their keys are made from the prefixes.
--
-- KEYS: 1 registry, 2 set of limits, 3 limit, 4 allowed, 5 rate_limited, 6 receipt, 7 hash,
--       8 dependents, 9 dependencies, 10 set of queues, 11 queue
-- ARGV: 1 id, 2 limit's name, 3 statuses as `,failed,`, 4 date, 5 now in seconds, 6 `front` or
--       `back`, 7 retries left or empty, 8 prefix of queues, 9 prefix of jobs
-- Replies: 1 queued, 2 waits for a slot, 0 not in the registry, -1 no job, -2 another status
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
local fields = redis.call('HMGET', KEYS[7], 'data', 'status', 'rate_limit_concurrency', 'ttl')
local slots = tonumber(fields[3])
if not fields[1] or not slots then return -1 end
if not string.find(ARGV[3], ',' .. (fields[2] or '') .. ',', 1, true) then return -2 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[3], 'concurrency', slots)
redis.call('HSET', KEYS[7], 'status', 'rate_limited', 'started_at', '', 'ended_at', '',
    'last_heartbeat', '', 'worker_name', '', 'enqueue_at_front', ARGV[6] == 'front' and 1 or 0)
redis.call('HDEL', KEYS[7], 'exc_info')
if ARGV[7] ~= '' then redis.call('HSET', KEYS[7], 'retries_left', ARGV[7]) end
local ttl = tonumber(fields[4])
for at = 7, 9 do
    if ttl and ttl > 0 then redis.call('EXPIRE', KEYS[at], ttl) else redis.call('PERSIST', KEYS[at]) end
end
redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1])
redis.call('SADD', KEYS[10], KEYS[11])
redis.call('RPUSH', KEYS[6], ARGV[1])
for _ = 1, 500 do
    if redis.call('ZCARD', KEYS[4]) >= slots then break end
    local id = redis.call('ZPOPMIN', KEYS[5])[1]
    if not id then break end
    local job = ARGV[9] .. id
    local waiting = redis.call('HMGET', job, 'origin', 'status', 'enqueue_at_front')
    if waiting[1] and waiting[2] == 'rate_limited' then
        redis.call('ZADD', KEYS[4], ARGV[5], id)
        redis.call(waiting[3] == '1' and 'LPUSH' or 'RPUSH', ARGV[8] .. waiting[1], id)
        redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[4])
    end
end
return redis.call('ZSCORE', KEYS[4], ARGV[1]) and 1 or 2
