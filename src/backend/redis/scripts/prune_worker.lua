-- Removes the registration of a worker that is dead.
--
-- KEYS  1 receipts   2 the worker's hash   3 its executions   then the sets that it stands in
-- ARGV  1 number of the image   2 the birth and the last heartbeat that were seen   3 the member
--       of the sets   4 the channel of its commands
-- Reply 1 removed   0 nothing was left of it   2 it lives   3 another one has its name
--
-- Bounded by the number of its queues. Run twice, the second finds nothing.
local seen = redis.call('HMGET', KEYS[2], 'birth', 'last_heartbeat')
if (seen[1] or '') .. '\n' .. (seen[2] or '') ~= ARGV[2] then return 3 end
-- Whoever may not ask saw no listener before either.
local listeners = redis.pcall('PUBSUB', 'NUMSUB', ARGV[4])
if not listeners.err and tonumber(listeners[2]) > 0 then return 2 end
local left = redis.call('EXISTS', KEYS[2], KEYS[3])
for at = 4, #KEYS do left = left + redis.call('SISMEMBER', KEYS[at], ARGV[3]) end
if left == 0 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
for at = 4, #KEYS do redis.call('SREM', KEYS[at], ARGV[3]) end
redis.call('UNLINK', KEYS[2], KEYS[3])
return 1
