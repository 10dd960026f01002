-- The deed of deleting: the job's keys go, and it leaves its sets.
--
-- KEYS  3, 4 unused   of each id: keys to unlink, its hash first; sets; sorted sets
-- ARGV  5, 6 unused   of each id: how many keys to unlink, how many sets
-- It comes first because a Redis without free memory lets a script begin with nothing else; once
-- it has written it may go on.
deed_first = true
local unlink = {}
local function deed(id, n, word)
  local sets = key_of[n] + ARGV[word]
  local sorted = sets + ARGV[word + 1]
  for k = key_of[n], sets - 1 do unlink[#unlink + 1] = KEYS[k] end
  for k = sets, sorted - 1 do redis.pcall('SREM', KEYS[k], id) end
  for k = sorted, key_of[n + 1] - 1 do redis.pcall('ZREM', KEYS[k], id) end
  if n < taken[#taken] and #unlink < 1000 then return end
  redis.call('UNLINK', unpack(unlink))
  unlink = {}
end
