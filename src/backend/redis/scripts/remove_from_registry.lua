-- Takes ids out of a registry, with everything that belongs to them.
--
-- KEYS  1 registry, a sorted set  2 receipts, a list  3… of each id: keys to unlink, its hash
--       first; sets; sorted sets
-- ARGV  1 three digits per id: how many keys of each sort  2… of each id: the id, its receipt, its
--       fingerprint or nothing where any will do
-- Gives a digit per id: 1 taken, 0 not there, 2 ran or was queued anew since its fingerprint was
-- taken.
local registry, kinds, codes, receipts, key = KEYS[1], ARGV[1], {}, {}, 3
local function changed(fingerprint)
  if fingerprint == '' then return false end
  local now = redis.pcall('HMGET', KEYS[key], 'status', 'enqueued_at', 'started_at', 'ended_at')
  for k = 1, 4 do now[k] = now[k] or '' end
  return now.err or table.concat(now, '\n') ~= fingerprint
end
for n = 1, (#ARGV - 1) / 3 do
  local id, ends = ARGV[3 * n - 1], { key }
  for k = 1, 3 do ends[k + 1] = ends[k] + kinds:byte(3 * n - 3 + k) - 48 end
  codes[n] = changed(ARGV[3 * n + 1]) and 2 or redis.call('ZREM', registry, id)
  if codes[n] == 1 then
    receipts[#receipts + 1] = ARGV[3 * n]
    redis.call('UNLINK', unpack(KEYS, ends[1], ends[2] - 1))
    for k = ends[2], ends[3] - 1 do redis.pcall('SREM', KEYS[k], id) end
    for k = ends[3], ends[4] - 1 do redis.pcall('ZREM', KEYS[k], id) end
  end
  key = ends[4]
end
for k = 1, #receipts, 1000 do
  redis.call('RPUSH', KEYS[2], unpack(receipts, k, math.min(k + 999, #receipts)))
end
return table.concat(codes)
