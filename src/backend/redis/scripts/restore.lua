-- Puts one job back as its image says. Needs `restore_steps.lua`.
--
-- KEYS  1 receipts   2 the job's hash   3 what the job is taken from (its hash: nothing)
--       then every other key that a step names
-- ARGV  1 id   2 number of the image   3 gone, zset, unlisted or holds   4 for holds the text that
--       key 3 must hold   then the steps
-- Reply 1 put back   0 it is not where the change left it   5 the job lives again
--
-- A list comes last among the steps: a worker may take the job from it at once. Run twice, the
-- second finds that the job lives. Bounded by the image.
local id, claim = ARGV[1], ARGV[3]
if claim == 'zset' then
  if redis.call('ZREM', KEYS[3], id) == 0 then return 0 end
elseif claim == 'holds' then
  if redis.call('GET', KEYS[3]) ~= ARGV[4] then return 0 end
  redis.call('UNLINK', KEYS[3])
elseif redis.call('EXISTS', KEYS[3]) == (claim == 'gone' and 1 or 0) then
  return claim == 'gone' and 5 or 0
end
redis.call('RPUSH', KEYS[1], ARGV[2])
restore(5, #ARGV)
return 1
