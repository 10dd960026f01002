-- Takes out an entry that no job stands behind, or one that ends its worker, and what goes with it.
--
-- KEYS  1 receipts   2 the job's hash   3 the list or sorted set that holds the entry (the hash
--       where nothing does)   then the keys to drop
-- ARGV  1 number of the image   2 `gone`, or the fingerprint that the hash must have
--       3 list, zset or none   4 the entry   5 of a list the count of LREM, of a sorted set the
--       highest score that the entry may have, empty for any
-- Reply 1 dropped   0 the entry is gone, or was renewed   3 the job changed   5 there is a job
--
-- Bounded by one LREM. Run twice, the second finds no entry.
if ARGV[2] == 'gone' then
  -- A heartbeat that comes after a delete leaves a hash with nothing of a job in it.
  local job = redis.call('HMGET', KEYS[2], 'data', 'status', 'origin', 'created_at')
  if job[1] or job[2] or job[3] or job[4] then return 5 end
else
  local seen = redis.call('HMGET', KEYS[2], 'status', 'enqueued_at', 'started_at', 'ended_at')
  for i = 1, 4 do seen[i] = seen[i] or '' end
  if table.concat(seen, '\n') ~= ARGV[2] then return 3 end
end
if ARGV[3] == 'list' then
  if redis.call('LREM', KEYS[3], ARGV[5], ARGV[4]) == 0 then return 0 end
elseif ARGV[3] == 'zset' then
  local score = redis.call('ZSCORE', KEYS[3], ARGV[4])
  if not score or (ARGV[5] ~= '' and tonumber(score) > tonumber(ARGV[5])) then return 0 end
  redis.call('ZREM', KEYS[3], ARGV[4])
elseif redis.call('EXISTS', unpack(KEYS, 4)) == 0 then
  return 0
end
redis.call('RPUSH', KEYS[1], ARGV[1])
for at = 4, #KEYS do redis.call('UNLINK', KEYS[at]) end
return 1
