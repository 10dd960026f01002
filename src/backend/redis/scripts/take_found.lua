-- Last part of every script that takes ids out of a list: takes those that `find_in_list.lua` found
-- as they were planned, all of them at the cost of one scan, and does the deed with each.
--
-- Gives the list's length before, index and number of the last id that was found, a digit per id:
-- 1 done, 0 not there, 2 it runs, 3 it ran or was queued anew since its fingerprint was taken, 7 no
-- room. Nobody sees the marker: it is set and removed here, before this ends.
local codes, receipts, latest = {}, {}, 0
for n = 1, count do
  local code = code_of(n)
  if code > 0 then latest = n end
  if code == 1 and #taken >= room then code = 7 end
  codes[n] = code
  if code == 1 then taken[#taken + 1], receipts[#receipts + 1] = n, ARGV[arg_of[n] + 1] end
end
local function deeds() for _, n in ipairs(taken) do deed(ARGV[arg_of[n]], n, arg_of[n] + 5) end end
if deed_first then deeds() end
local low, high = length, -1
for _, n in ipairs(taken) do low, high = math.min(low, at[n]), math.max(high, at[n]) end
if #taken > 0 and low == 0 and high == #taken - 1 then
  redis.call('LTRIM', list, #taken, -1)
elseif #taken > 0 and high == length - 1 and low == length - #taken then
  redis.call('LTRIM', list, 0, low - 1)
elseif #taken > 0 then
  local from_tail = length - low < high and length or 0
  for _, n in ipairs(taken) do redis.call('LSET', list, at[n] - from_tail, marker) end
  redis.call('LREM', list, from_tail > 0 and -#taken or #taken, marker)
end
for k = 1, #receipts, 1000 do
  redis.call('RPUSH', KEYS[2], unpack(receipts, k, math.min(k + 999, #receipts)))
end
if not deed_first then deeds() end
return { length, at[latest] or -1, latest, table.concat(codes) }
