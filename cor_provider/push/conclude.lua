-- What follows from the events: the pace of all, by the one that has digested them. Returns 1, or 0 if that one took so
-- long that its lock is gone: then another does it.
--
-- KEYS: turns (a hash), events (a list), state (text), lock (text)
-- ARGV: 1 the token in the lock; 2 the new state; 3 how many events were digested; 4 seconds between requests; 5 requests
--       per second; 6 the share of that time that must lie between any two; 7 when the pause ends; 8 "1" if
--       reservations made so far are void.

local turns, events, state, lock = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local EXPIRE_MS = 3600000

if redis.call("GET", lock) ~= ARGV[1] then return 0 end
redis.call("DEL", lock)

local time = redis.call("TIME")
local stamp = string.format("%s.%06d", time[1], time[2])
redis.call("SET", state, ARGV[2], "PX", EXPIRE_MS)
redis.call("LTRIM", events, ARGV[3], -1)
redis.call("HSET", turns,
  "digested_at", stamp, "interval", ARGV[4], "rate", ARGV[5], "spacing", ARGV[6], "paused_until", ARGV[7])
if redis.call("EXISTS", events) == 0 then redis.call("HSET", turns, "undigested", "0") end
if ARGV[8] == "1" then
  redis.call("HSET", turns,
    "generation", stamp, "next_at", string.format("%.6f", math.max(tonumber(stamp), tonumber(ARGV[7]))))
end
redis.call("PEXPIRE", turns, EXPIRE_MS)
return 1
