-- The deed of moving to the back of another queue.
--
-- KEYS  3 the list that they go to   4 the set of queues   of each id: its hash
-- ARGV  5 the name of that queue   6 most entries of it, 0: any number
if tonumber(ARGV[6]) > 0 then room = tonumber(ARGV[6]) - redis.call('LLEN', KEYS[3]) end
local function deed(id, n)
  redis.call('HSET', KEYS[key_of[n]], 'origin', ARGV[5])
  redis.call('SADD', KEYS[4], KEYS[3])
  redis.call('RPUSH', KEYS[3], id)
end
