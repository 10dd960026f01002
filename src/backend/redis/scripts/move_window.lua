-- Moves queued jobs from one part of a list to the back of another, in their order. Taking them
-- out costs one scan from the nearer end, not one each: their places get a marker, which one LREM
-- removes before the script ends, so that no worker ever sees it.
--
-- KEYS  1 receipts   2 the list   3 the list that they go to   4 the set of queues
--       then each job's hash
-- ARGV  1 the name of the queue that they go to   2 a value that no id has   3, 4 first and last
--       index of the window   5 most entries of that queue, 0: any number
--       then of each job, in the list's order: id, number of the image, fingerprint of the image
-- Reply the index where the first of them stood, -1 where none did, and a number per job: 1 moved
--       0 not in the window   3 it changed meanwhile   4 it has no hash   7 the queue is full
--
-- The first that is not in the window ends it, and all behind it count as not in the window: it may
-- wait elsewhere, and must not come behind those that stood behind it.
--
-- Bounded by the window and one scan. Run twice, the second finds nothing to move.
local start, most = tonumber(ARGV[3]), tonumber(ARGV[5])
local window, places = redis.call('LRANGE', KEYS[2], ARGV[3], ARGV[4]), {}
for at = #window, 1, -1 do places[window[at]] = start + at - 1 end
local before, room = redis.call('LLEN', KEYS[2]), redis.call('LLEN', KEYS[3])
local reply, taken, ended = { -1 }, {}, false
local function code_of(id, job, fingerprint)
  ended = ended or not places[id]
  if ended then return 0 end
  local seen = redis.call('HMGET', job, 'status', 'enqueued_at', 'started_at', 'ended_at')
  if not seen[1] then return 4 end
  for i = 1, 4 do seen[i] = seen[i] or '' end
  if table.concat(seen, '\n') ~= fingerprint then return 3 end
  return most > 0 and room + #taken >= most and 7 or 1
end
for n = 1, (#ARGV - 5) / 3 do
  local id = ARGV[3 * n + 3]
  local code = code_of(id, KEYS[4 + n], ARGV[3 * n + 5])
  if places[id] and reply[1] < 0 then reply[1] = places[id] end
  if code == 1 then
    redis.call('LSET', KEYS[2], places[id], ARGV[2])
    places[id], taken[#taken + 1] = nil, n
  end
  reply[n + 1] = code
end
if #taken > 0 then
  redis.call('LREM', KEYS[2], start * 2 < before and #taken or -#taken, ARGV[2])
  redis.call('SADD', KEYS[4], KEYS[3])
end
for _, n in ipairs(taken) do
  redis.call('RPUSH', KEYS[1], ARGV[3 * n + 4])
  redis.call('HSET', KEYS[4 + n], 'origin', ARGV[1])
  redis.call('RPUSH', KEYS[3], ARGV[3 * n + 3])
end
return reply
