-- Writes a new job and puts it into its queue. What an ended job of the same id left behind goes
-- first, with its expiry; one that still waits or runs keeps the id. Jobs that wait for the old one
-- stay in `dependents` and are released by the new one.
--
-- KEYS: 1 queue, 2 set of queues, 3 hash, 4 dependents, 5 dependencies,
--       then the registries where an ended job of this id may stand
-- ARGV: 1 id, 2 `front` or `back`, 3 most entries of the queue or 0, 4 the queue that the ended job
--       belongs to (empty: there was none), then the fields of the hash with their values
-- Replies `ok`, `full`, `changed` (the ended job is another than the caller saw), or the status of
--       the job that has the id
local old = redis.call('HMGET', KEYS[3], 'status', 'origin', 'data')
local ended = {finished = true, failed = true, stopped = true, canceled = true, created = true}
if old[3] and old[1] and old[1] ~= '' and not ended[old[1]] then return old[1] end
if (old[2] or '') ~= ARGV[4] then return 'changed' end
local most = tonumber(ARGV[3])
if most > 0 and redis.call('LLEN', KEYS[1]) >= most then return 'full' end
-- First what a Redis without memory refuses.
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('UNLINK', KEYS[3], KEYS[5])
redis.call('PERSIST', KEYS[4])
for at = 6, #KEYS do redis.call('ZREM', KEYS[at], ARGV[1]) end
redis.call('HSET', KEYS[3], unpack(ARGV, 5))
redis.call(ARGV[2] == 'front' and 'LPUSH' or 'RPUSH', KEYS[1], ARGV[1])
return 'ok'
