-- Puts ended jobs back into a queue, each only if it still stands in the registry and its hash
-- says what the caller expects. Running it again changes nothing more.
--
-- KEYS: 1 registry, 2 queue, 3 set of queues, 4 receipt,
--       then of each job: 5 hash, 6 dependents, 7 dependencies
-- ARGV: 1 the queue's name, 2 statuses as `,failed,`, 3 date, 4 `front` or `back`,
--       5 retries left or empty, 6 most entries of the queue or 0, then each id
-- Replies one code per id: 1 queued, 0 not in the registry, -1 no job, -2 another status,
--       -3 belongs to another queue, -4 the queue is full, -5 rate-limited: needs the limiter
local codes, length = {}, redis.call('LLEN', KEYS[2])
local most = tonumber(ARGV[6])
local function requeue(id, job, dependents, dependencies)
    if not redis.call('ZSCORE', KEYS[1], id) then return 0 end
    local fields = redis.call('HMGET', job, 'data', 'status', 'origin', 'ttl', 'rate_limit_key')
    if not fields[1] then return -1 end
    if not string.find(ARGV[2], ',' .. (fields[2] or '') .. ',', 1, true) then return -2 end
    if fields[3] and fields[3] ~= '' and fields[3] ~= ARGV[1] then return -3 end
    if fields[5] and fields[5] ~= '' then return -5 end
    if most > 0 and length >= most then return -4 end
    redis.call('ZREM', KEYS[1], id)
    redis.call('HSET', job, 'status', 'queued', 'origin', ARGV[1], 'enqueued_at', ARGV[3],
        'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '')
    redis.call('HDEL', job, 'exc_info')
    if ARGV[5] ~= '' then redis.call('HSET', job, 'retries_left', ARGV[5]) end
    local ttl = tonumber(fields[4])
    for _, key in ipairs({job, dependents, dependencies}) do
        if ttl and ttl > 0 then redis.call('EXPIRE', key, ttl) else redis.call('PERSIST', key) end
    end
    redis.call(ARGV[4] == 'front' and 'LPUSH' or 'RPUSH', KEYS[2], id)
    redis.call('RPUSH', KEYS[4], id)
    length = length + 1
    return 1
end
for n = 1, #ARGV - 6 do
    local at = 5 + (n - 1) * 3
    codes[n] = requeue(ARGV[6 + n], KEYS[at], KEYS[at + 1], KEYS[at + 2])
end
for _, code in ipairs(codes) do
    if code == 1 then redis.call('SADD', KEYS[3], KEYS[2]) break end
end
return codes
