-- Moves queued jobs from one part of a list to the back of another, in their order. Taking them
-- out costs one scan from the nearer end, not one each: their places get a marker, which one LREM
-- removes before the script ends, so that no worker ever sees it.
--
-- KEYS: 1 source, 2 target, 3 set of queues, 4 receipt, then each job's hash
-- ARGV: 1 the target's name, 2 marker, 3 first index of the window, 4 last index,
--       5 most entries of the target or 0, then each id in the list's order
-- Replies the index where the first of them stood (-1: none) and one code per id: 1 moved,
--       0 not in the window, -1 no job, -4 the target is full
local start, most = tonumber(ARGV[3]), tonumber(ARGV[5])
local window, places = redis.call('LRANGE', KEYS[1], ARGV[3], ARGV[4]), {}
for at = #window, 1, -1 do places[window[at]] = start + at - 1 end
local before, length = redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2])
local reply, taken = {-1}, {}
for n = 1, #ARGV - 5 do
    local id = ARGV[5 + n]
    local place, code = places[id], 1
    if not place then code = 0
    elseif redis.call('EXISTS', KEYS[4 + n]) == 0 then code = -1
    elseif most > 0 and length + #taken >= most then code = -4
    else
        redis.call('LSET', KEYS[1], place, ARGV[2])
        places[id] = nil
        taken[#taken + 1] = n
    end
    if place and reply[1] < 0 then reply[1] = place end
    reply[n + 1] = code
end
if #taken > 0 then
    local from_head = start * 2 < before
    redis.call('LREM', KEYS[1], from_head and #taken or -#taken, ARGV[2])
    redis.call('SADD', KEYS[3], KEYS[2])
end
for _, n in ipairs(taken) do
    redis.call('HSET', KEYS[4 + n], 'origin', ARGV[1])
    redis.call('RPUSH', KEYS[2], ARGV[5 + n])
    redis.call('RPUSH', KEYS[4], ARGV[5 + n])
end
return reply
