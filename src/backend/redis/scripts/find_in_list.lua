-- First part of every script that takes ids out of a list: where does each of them stand now, and
-- is it still the job that was planned? A deed follows, then `take_found.lua`.
--
-- KEYS  1 list   2 receipts, a list   3, 4 see the deed   5… of each id: its hash, then what its
--       deed needs
-- ARGV  1 marker: a value that no id has   2, 3 where the first and the last id were seen, from 0,
--       or negative from the end   4 how far they may have moved   5, 6 see the deed   7 how many
--       ids   8… of each id: id, receipt, fingerprint or nothing where any will do, how many keys,
--       how many words, and the words that its deed needs
local list, marker, length, count = KEYS[1], ARGV[1], redis.call('LLEN', KEYS[1]), tonumber(ARGV[7])
-- Of the nth id: where its keys and its arguments begin, and its place. A table for each would
-- take a third of the time.
local key_of, arg_of, number, at = { 5 }, { 8 }, {}, {}
for n = 1, count do
  local arg = arg_of[n]
  number[ARGV[arg]] = n
  key_of[n + 1], arg_of[n + 1] = key_of[n] + ARGV[arg + 3], arg + 5 + ARGV[arg + 4]
end
local lost = count
local function look(from, to)
  from, to = math.max(from, 0), math.min(to, length - 1)
  if lost == 0 or from > to then return end
  local ids = redis.call('LRANGE', list, from, to)
  for i = 1, #ids do
    local n = number[ids[i]]
    if n and not at[n] then at[n], lost = from + i - 1, lost - 1 end
  end
end
local first, last, reach = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if first < 0 then first, last = length + first, length + last end
look(first, last)
look(first - reach, first - 1)
look(last + 1, last + reach)
local function code_of(n)
  local fingerprint = ARGV[arg_of[n] + 2]
  if not at[n] then return 0 elseif fingerprint == '' then return 1 end
  local now = redis.pcall('HMGET', KEYS[key_of[n]], 'status', 'enqueued_at', 'started_at', 'ended_at')
  if now.err then return 3 elseif now[1] == 'started' then return 2 end
  for k = 1, 4 do now[k] = now[k] or '' end
  return table.concat(now, '\n') == fingerprint and 1 or 3
end
-- What is taken, how much may be, and whether the deed comes before the taking. A deed gets the
-- id, its number, and where its words begin.
local taken, room, deed_first = {}, math.huge, false
