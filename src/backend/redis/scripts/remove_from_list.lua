-- Takes ids out of a list wherever each of them stands now, with everything that belongs to them.
--
-- KEYS  1 list  2 receipts, a list  3… of each id: keys to unlink, its hash first; sets; sorted sets
-- ARGV  1 marker: a value that no id has  2, 3 where the first and the last id were seen, from 0
--       4 how far they may have moved  5 three digits per id: how many keys of each sort
--       6… of each id: the id, its receipt, its fingerprint or nothing where any will do
-- Gives the list's length before, index and number of the last id that was found, a digit per id:
-- 1 taken, 0 not there, 2 ran or was queued anew since its fingerprint was taken.
-- Nobody sees the marker: it is set and removed here, before this ends.
local list, marker, kinds, count = KEYS[1], ARGV[1], ARGV[5], (#ARGV - 5) / 3
local length, wanted, at, lost = redis.call('LLEN', list), {}, {}, count
for n = 1, count do wanted[ARGV[3 * n + 3]] = n end
local function look(from, to)
  from, to = math.max(from, 0), math.min(to, length - 1)
  if lost == 0 or from > to then return end
  for i, id in ipairs(redis.call('LRANGE', list, from, to)) do
    local n = wanted[id]
    if n and not at[n] then at[n], lost = from + i - 1, lost - 1 end
  end
end
local first, last, reach = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if first < 0 then first, last = length + first, length + last end
look(first, last)
look(first - reach, first - 1)
look(last + 1, last + reach)

local codes, receipts, unlink, taken, key, latest = {}, {}, {}, {}, 3, 0
local function changed(n, fingerprint)
  if fingerprint == '' then return false end
  local now = redis.pcall('HMGET', KEYS[key], 'status', 'enqueued_at', 'started_at', 'ended_at')
  for k = 1, 4 do now[k] = now[k] or '' end
  return now.err or table.concat(now, '\n') ~= fingerprint
end
for n = 1, count do
  local id, ends = ARGV[3 * n + 3], { key }
  for k = 1, 3 do ends[k + 1] = ends[k] + kinds:byte(3 * n - 3 + k) - 48 end
  latest = at[n] and n or latest
  codes[n] = not at[n] and 0 or changed(n, ARGV[3 * n + 5]) and 2 or 1
  if codes[n] == 1 then
    taken[#taken + 1], receipts[#receipts + 1] = at[n], ARGV[3 * n + 4]
    for k = ends[1], ends[2] - 1 do unlink[#unlink + 1] = KEYS[k] end
    for k = ends[2], ends[3] - 1 do redis.pcall('SREM', KEYS[k], id) end
    for k = ends[3], ends[4] - 1 do redis.pcall('ZREM', KEYS[k], id) end
  end
  key = ends[4]
end
-- First what a Redis without free memory takes, too; once a script has written it may go on.
for k = 1, #unlink, 1000 do redis.call('UNLINK', unpack(unlink, k, math.min(k + 999, #unlink))) end
local low, high = length, -1
for _, index in ipairs(taken) do low, high = math.min(low, index), math.max(high, index) end
if #taken > 0 and low == 0 and high == #taken - 1 then
  redis.call('LTRIM', list, #taken, -1)
elseif #taken > 0 and high == length - 1 and low == length - #taken then
  redis.call('LTRIM', list, 0, low - 1)
elseif #taken > 0 then
  local from_tail = length - low < high and length or 0
  for _, index in ipairs(taken) do redis.call('LSET', list, index - from_tail, marker) end
  redis.call('LREM', list, from_tail > 0 and -#taken or #taken, marker)
end
for k = 1, #receipts, 1000 do
  redis.call('RPUSH', KEYS[2], unpack(receipts, k, math.min(k + 999, #receipts)))
end
return { length, at[latest] or -1, latest, table.concat(codes) }
