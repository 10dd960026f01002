-- Puts a prepared list in the place of the list that it was made from, if what happened to that one
-- meanwhile can be followed: ids popped from its head, ids pushed at both ends.
--
-- KEYS  1 list  2 prepared list  3 snapshot from which the prepared one was made
-- ARGV  1 how many ids the snapshot had  2 the last of them  3 marker: a value that no id has
--       4 how many pushed ids are taken over at most  5… the first ids of the snapshot, each with
--       its index in the prepared list
-- Gives 1 swapped, 0 cannot be followed. The marker is only ever in the prepared list.
local list, prepared, snapshot = KEYS[1], KEYS[2], KEYS[3]
local count, last, most = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[4])
local length, popped, front = redis.call('LLEN', list), count, 0
if count > 0 then
  local number, head = {}, redis.call('LRANGE', list, 0, most - 1)
  for k = 5, #ARGV, 2 do number[ARGV[k]] = (k - 3) / 2 end
  for at, id in ipairs(head) do
    if number[id] then
      popped, front = number[id] - 1, at - 1
      break
    end
  end
  if popped == count then return 0 end
end
-- What is left of the snapshot must be there in one piece: nobody took an id from its middle.
local back = length - front - (count - popped)
if back < 0 or back > most then return 0 end
if count > 0 and redis.call('LINDEX', list, -back - 1) ~= last then return 0 end

if popped > 0 and count > 0 then
  for k = 1, popped do redis.call('LSET', prepared, ARGV[2 * k + 4], ARGV[3]) end
  redis.call('LREM', prepared, popped, ARGV[3])
end
for at = front - 1, 0, -1 do redis.call('LPUSH', prepared, redis.call('LINDEX', list, at)) end
local pushed = back > 0 and redis.call('LRANGE', list, -back, -1) or {}
for k = 1, #pushed, 1000 do
  redis.call('RPUSH', prepared, unpack(pushed, k, math.min(k + 999, #pushed)))
end
redis.call('UNLINK', snapshot)
if length > 0 then redis.call('RENAME', list, snapshot) end
redis.call('RENAME', prepared, list)
redis.call('UNLINK', snapshot)
return 1
