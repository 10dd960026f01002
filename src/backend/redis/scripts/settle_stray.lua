-- Gives a job that no worker will run or end its place again: the failed registry, its queue, or
-- none.
--
-- KEYS  1 receipts   2 the job's hash   3 its queue's list   4 the intermediate list   5 the started
--       registry   6 the job's executions   7 the failed registry   8 the set of queues
--       9 the job's dependents   10 its dependencies   then, to fail it, sorted sets to leave, and
--       to drop it, keys to drop
-- ARGV  1 id   2 number of the image   3 fingerprint of the image   4 where it is stuck: nowhere,
--       parked or started   5 its entry in the started registry   6 the highest score of that
--       7 now in Unix seconds   8 the same as a date   9 failed, queue or drop
--       10 why it failed, compressed   11 seconds for which failures are kept, -1 for ever
-- Reply 1 settled   0 it does not stand there any more   2 it runs   3 it changed meanwhile
--
-- Bounded by two searches of lists. Run twice, the second finds another status or no entry.
local id, from, to, now = ARGV[1], ARGV[4], ARGV[9], ARGV[7]
local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at', 'ttl')
local ttl = tonumber(seen[5] or '') or 0
for i = 1, 4 do seen[i] = seen[i] or '' end
if table.concat(seen, '\n', 1, 4) ~= ARGV[3] then return 3 end
if redis.call('ZCOUNT', KEYS[6], '(' .. now, '+inf') > 0 then return 2 end
local parked = redis.call('LPOS', KEYS[4], id) and true or false
if redis.call('LPOS', KEYS[3], id) or parked ~= (from == 'parked') then return 0 end
if from == 'started' then
  local score = redis.call('ZSCORE', KEYS[5], ARGV[5])
  if not score or tonumber(score) > tonumber(ARGV[6]) then return 0 end
  redis.call('ZREM', KEYS[5], ARGV[5])
else
  if redis.call('ZSCORE', KEYS[5], id) then return 2 end
  redis.call('LREM', KEYS[4], 0, id)
end
redis.call('RPUSH', KEYS[1], ARGV[2])

if to == 'drop' then
  for at = 11, #KEYS do redis.call('UNLINK', KEYS[at]) end
  return 1
elseif to == 'failed' then
  ttl = tonumber(ARGV[11])
  redis.call('HSET', KEYS[2], 'status', 'failed', 'ended_at', ARGV[8], 'exc_info', ARGV[10])
  for at = 11, #KEYS do redis.call('ZREM', KEYS[at], id) end
  redis.call('ZADD', KEYS[7], ttl < 0 and -1 or now + ttl, id)
else
  redis.call('HSET', KEYS[2], 'status', 'queued', 'enqueued_at', ARGV[8], 'started_at', '',
    'ended_at', '', 'last_heartbeat', '', 'worker_name', '')
  redis.call('HDEL', KEYS[2], 'exc_info')
  redis.call('SADD', KEYS[8], KEYS[3])
  redis.call('RPUSH', KEYS[3], id)
end
for _, key in ipairs({ KEYS[2], KEYS[9], KEYS[10] }) do
  if ttl > 0 then redis.call('EXPIRE', key, ttl) else redis.call('PERSIST', key) end
end
return 1
