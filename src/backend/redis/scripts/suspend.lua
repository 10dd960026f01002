-- Suspends all workers, or lets them go on.
--
-- KEYS  1 receipts   2 the key whose existence suspends
-- ARGV  1 number of the image   2 there or absent: how the key was seen   3 the value that it had
--       4 its new value, empty to remove it   5 milliseconds that it lives
-- Reply 1 done   3 somebody else suspended or resumed meanwhile
--
-- Run twice, the second finds another value.
local value = redis.call('GET', KEYS[2])
if (value and 'there' or 'absent') ~= ARGV[2] or (value or '') ~= ARGV[3] then return 3 end
redis.call('RPUSH', KEYS[1], ARGV[1])
if ARGV[4] == '' then
  redis.call('UNLINK', KEYS[2])
else
  redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
end
return 1
