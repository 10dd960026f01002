-- The deed of deleting: the job's keys go, and it leaves its sets.
--
-- KEYS  3, 4 unused   of each id: keys to unlink, its hash first; sets; sorted sets
-- ARGV  5, 6 unused   of each id: how many keys to unlink, how many sets
-- It comes first because a Redis without free memory lets a script begin with nothing else; once
-- it has written it may go on.
deed_first = true
local function deed(job)
  local sets = job.key + tonumber(ARGV[job.word])
  local sorted = sets + tonumber(ARGV[job.word + 1])
  redis.call('UNLINK', unpack(KEYS, job.key, sets - 1))
  for k = sets, sorted - 1 do redis.pcall('SREM', KEYS[k], job.id) end
  for k = sorted, job.last_key do redis.pcall('ZREM', KEYS[k], job.id) end
end
