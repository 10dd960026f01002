-- Takes ids out of a registry if their jobs are still in the state that was planned for.
--
-- KEYS  1 registry, a sorted set  2 receipt list  3… what belongs to each id: its hash, then as in
--       remove_from_list.lua: keys to unlink (the hash is the first), sets, sorted sets
-- ARGV  1 the statuses that may go, each between commas  2 three digits per id: how many keys of
--       each sort  3… ids
-- Gives one digit per id: 1 taken, 0 not there, 2 its status changed. An id without a hash has no
-- status and is taken.
local registry, receipt, statuses, kinds = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local codes, taken, key = {}, {}, 3
for n = 1, #ARGV - 2 do
  local id, kind, ends = ARGV[n + 2], { kinds:byte(3 * n - 2, 3 * n) }, { key }
  for k = 1, 3 do ends[k + 1] = ends[k] + kind[k] - 48 end
  local status = redis.pcall('HGET', KEYS[key], 'status')
  if type(status) == 'table' or (status and not statuses:find(',' .. status .. ',', 1, true)) then
    codes[n] = 2
  else
    codes[n] = redis.call('ZREM', registry, id)
  end
  if codes[n] == 1 then
    taken[#taken + 1] = id
    redis.call('UNLINK', unpack(KEYS, ends[1], ends[2] - 1))
    for k = ends[2], ends[3] - 1 do redis.pcall('SREM', KEYS[k], id) end
    for k = ends[3], ends[4] - 1 do redis.pcall('ZREM', KEYS[k], id) end
  end
  key = ends[4]
end
for k = 1, #taken, 1000 do redis.call('RPUSH', receipt, unpack(taken, k, math.min(k + 999, #taken))) end
return table.concat(codes)
