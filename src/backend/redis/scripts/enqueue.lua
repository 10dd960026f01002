-- Writes a new job and puts it into its queue. What an ended job of the same id left behind goes
-- first, with its expiry; one that still waits or runs keeps the id. Jobs that wait for the old one
-- stay in `dependents` and are released by the new one.
--
-- KEYS  1 receipts   2 the job's hash   3 the queue's list   4 the set of queues
--       5 the job's dependents   6 its dependencies   then the sorted sets that hold the ended job
-- ARGV  1 id   2 number of the image, empty where nobody keeps one   3 fingerprint of the ended job
--       4 most entries of the queue, 0: any number   5 front or back
--       then the fields of the hash with their values
-- Reply 1 queued   3 the ended job is another than the caller saw   5 a job of this id waits or runs
--       7 the queue is full
--
-- Bounded. Run twice, the second finds that the job waits.
local id, most = ARGV[1], tonumber(ARGV[4])
local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at')
for i = 1, 4 do seen[i] = seen[i] or '' end
local ended = {finished = true, failed = true, stopped = true, canceled = true, created = true}
if seen[1] ~= '' and not ended[seen[1]] and redis.call('HEXISTS', KEYS[2], 'data') == 1 then
  return 5
end
if table.concat(seen, '\n') ~= ARGV[3] then return 3 end
if most > 0 and redis.call('LLEN', KEYS[3]) >= most then return 7 end

if ARGV[2] ~= '' then redis.call('RPUSH', KEYS[1], ARGV[2]) end
redis.call('SADD', KEYS[4], KEYS[3])
redis.call('UNLINK', KEYS[2], KEYS[6])
redis.call('PERSIST', KEYS[5])
for at = 7, #KEYS do redis.call('ZREM', KEYS[at], id) end
redis.call('HSET', KEYS[2], unpack(ARGV, 6))
redis.call(ARGV[5] == 'front' and 'LPUSH' or 'RPUSH', KEYS[3], id)
return 1
