-- Takes from a waiting job the expiry that it has from an earlier run.
--
-- KEYS  1 receipts   2 the job's hash   3 its dependents   4 its dependencies
-- ARGV  1 number of the image   2 fingerprint of the image
-- Reply 1 taken   0 it has none any more   3 it changed meanwhile
--
-- Run twice, the second finds no expiry.
local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at', 'ttl')
for i = 1, 5 do seen[i] = seen[i] or '' end
if seen[1] ~= 'queued' or seen[5] ~= '' then return 3 end
if table.concat(seen, '\n', 1, 4) ~= ARGV[2] then return 3 end
if redis.call('PERSIST', KEYS[2]) == 0 then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PERSIST', KEYS[3])
redis.call('PERSIST', KEYS[4])
return 1
