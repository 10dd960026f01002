-- Takes ids out of a list wherever each of them stands now, with everything that belongs to them.
--
-- KEYS  1 list  2 receipt list  3… what belongs to each id: keys to unlink, sets, sorted sets
-- ARGV  1 marker: a value that no id has  2, 3 where the first and the last id were seen, from 0
--       4 how far they may have moved  5 three digits per id: how many keys of each sort  6… ids
-- Gives the list's length before, the index and number of the last id found, one digit per id:
-- 1 taken, 0 not there. Nobody sees the marker: it is set and removed here, before this ends.
local list, receipt, marker, kinds = KEYS[1], KEYS[2], ARGV[1], ARGV[5]
local length, wanted, at, lost = redis.call('LLEN', list), {}, {}, #ARGV - 5
for i = 6, #ARGV do wanted[ARGV[i]] = i - 5 end
local function look(from, to)
  from, to = math.max(from, 0), math.min(to, length - 1)
  if lost == 0 or from > to then return end
  for i, id in ipairs(redis.call('LRANGE', list, from, to)) do
    local n = wanted[id]
    if n and not at[n] then at[n], lost = from + i - 1, lost - 1 end
  end
end
local first, last, reach = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
look(first, last)
look(first - reach, first - 1)
look(last + 1, last + reach)

local codes, taken, unlink, key, low, high, latest = {}, {}, {}, 3, length, -1, 0
for n = 1, #ARGV - 5 do
  local kind, ends = { kinds:byte(3 * n - 2, 3 * n) }, { key }
  for k = 1, 3 do ends[k + 1] = ends[k] + kind[k] - 48 end
  if at[n] then
    taken[#taken + 1], latest = ARGV[n + 5], n
    low, high = math.min(low, at[n]), math.max(high, at[n])
    for k = ends[1], ends[2] - 1 do unlink[#unlink + 1] = KEYS[k] end
    for k = ends[2], ends[3] - 1 do redis.pcall('SREM', KEYS[k], ARGV[n + 5]) end
    for k = ends[3], ends[4] - 1 do redis.pcall('ZREM', KEYS[k], ARGV[n + 5]) end
  end
  codes[n], key = at[n] and 1 or 0, ends[4]
end
-- First what a Redis takes that has no memory left; after a first write it takes the rest as well.
for k = 1, #unlink, 1000 do redis.call('UNLINK', unpack(unlink, k, math.min(k + 999, #unlink))) end
if #taken > 0 and low == 0 and high == #taken - 1 then
  redis.call('LTRIM', list, #taken, -1)
elseif #taken > 0 and high == length - 1 and low == length - #taken then
  redis.call('LTRIM', list, 0, low - 1)
elseif #taken > 0 then
  local from_tail = length - low < high and length or 0
  for _, index in pairs(at) do redis.call('LSET', list, index - from_tail, marker) end
  redis.call('LREM', list, from_tail > 0 and -#taken or #taken, marker)
end
for k = 1, #taken, 1000 do redis.call('RPUSH', receipt, unpack(taken, k, math.min(k + 999, #taken))) end
return { length, at[latest] or -1, latest, table.concat(codes) }
