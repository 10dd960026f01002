-- Puts one job back as its image says.
--
-- KEYS  1 receipts   2 the job's hash   3 what the job is taken from (its hash: nothing)
--       4 the list that it goes into (its hash: none)   then every other key that a step names
-- ARGV  1 id   2 number of the image   3 gone, list, zset, unlisted or holds   4 none, before or
--       index   5 the id that it goes before, for holds the text that key 3 must hold   6 the
--       index that it gets   7 the id that it goes behind at the head, where 5 is gone   then steps: a key, `keep`, `replace` or `add`, a count of
--       commands, and each command as a count of words and words
-- Reply 1 put back   0 it is not where the change left it   5 the job lives again
--
-- The list comes last: a worker may take the job from it at once. Run twice, the second finds
-- that the job lives. Bounded by the image and one search of the list.
local id, claim = ARGV[1], ARGV[3]
if claim == 'list' then
  if redis.call('LREM', KEYS[3], -1, id) == 0 then return 0 end
elseif claim == 'zset' then
  if redis.call('ZREM', KEYS[3], id) == 0 then return 0 end
elseif claim == 'holds' then
  if redis.call('GET', KEYS[3]) ~= ARGV[5] then return 0 end
  redis.call('UNLINK', KEYS[3])
elseif redis.call('EXISTS', KEYS[3]) == (claim == 'gone' and 1 or 0) then
  return claim == 'gone' and 5 or 0
end
redis.call('RPUSH', KEYS[1], ARGV[2])
local at = 8
while ARGV[at] do
  local key, mode, commands = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local runs = mode ~= 'keep' or redis.call('EXISTS', key) == 0
  if mode == 'replace' then redis.call('UNLINK', key) end
  at = at + 3
  for _ = 1, commands do
    local words = tonumber(ARGV[at])
    if runs then redis.call(unpack(ARGV, at + 1, at + words)) end
    at = at + 1 + words
  end
end
if ARGV[4] == 'none' then return 1 end
local list = KEYS[4]
local pivot = ARGV[4] == 'index' and redis.call('LINDEX', list, ARGV[6])
if ARGV[4] == 'before' then
  if redis.call('LINSERT', list, 'BEFORE', ARGV[5], id) > 0 then return 1 end
  if redis.call('LINSERT', list, 'AFTER', ARGV[7], id) <= 0 then redis.call('LPUSH', list, id) end
elseif not pivot then redis.call('RPUSH', list, id)
elseif ARGV[6] == '0' then redis.call('LPUSH', list, id)
else redis.call('LINSERT', list, 'BEFORE', pivot, id) end
return 1
