-- Puts one waiting job at the head of its queue, if it still waits where it was seen.
--
-- KEYS: 1 where it waits (list or registry), 2 queue, 3 set of queues, 4 receipt, 5 hash,
--       6 dependents, 7 dependencies, then the `dependents` sets of the jobs it waits for
-- ARGV: 1 id, 2 `list` or `registry`, 3 statuses as `,scheduled,`, 4 date, 5 the queue's name
-- Replies: 1 next, 0 no longer there, -1 no job, -2 another status, -5 needs the rate limiter
local fields = redis.call('HMGET', KEYS[5], 'data', 'status', 'ttl', 'rate_limit_key')
if ARGV[2] == 'list' then
    if not fields[1] then return -1 end
    if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
else
    if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
    if not fields[1] then return -1 end
    if not string.find(ARGV[3], ',' .. (fields[2] or '') .. ',', 1, true) then return -2 end
    if fields[4] and fields[4] ~= '' then return -5 end
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('HSET', KEYS[5], 'status', 'queued', 'origin', ARGV[5], 'enqueued_at', ARGV[4])
    local ttl = tonumber(fields[3])
    for at = 5, 7 do
        if ttl and ttl > 0 then
            redis.call('EXPIRE', KEYS[at], ttl)
        else
            redis.call('PERSIST', KEYS[at])
        end
    end
    -- Else the end of a job that it waited for would queue it a second time.
    for at = 8, #KEYS do redis.call('SREM', KEYS[at], ARGV[1]) end
end
redis.call('SADD', KEYS[3], KEYS[2])
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('RPUSH', KEYS[4], ARGV[1])
return 1
