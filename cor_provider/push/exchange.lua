-- What a push tells Redis and what it asks for, in one step, so that no two pushes are ever in each other's way.
--
-- KEYS: turns (a hash), events (a list), state (text), lock (text)
-- ARGV: 1 "1" to ask for a turn; 2, 3 the slot that the push has reserved, and the generation of that, or "" and "";
--       4 the shortest interval between requests that this push wants; 5, 6 the interval and the rate if nothing is
--       known yet; 7 a token to take the lock with; from 8 on, what the push has seen, as JSON.
-- Returns: when the turn was given, or ""; seconds to wait; slot and generation of the reservation, or "" and "";
--       requests per second; seconds of the pause; and for the one that is to digest the events: the state and each event.
--
-- All times are those of this Redis: the workers' clocks do not matter. They are text, since Lua would round them.

local turns, events, state, lock = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local EXPIRE_MS, LOCK_MS, MOST_EVENTS = 3600000, 1000, 10000
local DIGEST_EVERY, DIGESTS_WITHIN = 0.02, 0.002
local CLOCK_SET_BACK, LONGEST_PAUSE, LONGEST_QUEUE, LONGEST_INTERVAL = 1, 300, 3600, 1000

local time = redis.call("TIME")
local stamp = string.format("%s.%06d", time[1], time[2])
local now = tonumber(stamp)

local known = {}
local flat = redis.call("HGETALL", turns)
for i = 1, #flat, 2 do known[flat[i]] = flat[i + 1] end

if now < (tonumber(known.seen_at) or now) - CLOCK_SET_BACK then
  redis.call("DEL", turns, events, state, lock)
  known = {}
end

-- What is none of ours, or NaN, must not hold anybody up.
local function within(least, most, name, default)
  local value = tonumber(known[name])
  return value and value >= least and value <= most and value or default
end

local generation = known.generation or stamp
local interval = math.max(within(0, LONGEST_INTERVAL, "interval", tonumber(ARGV[5])), tonumber(ARGV[4]))
local rate = within(1 / LONGEST_INTERVAL, 1e12, "rate", tonumber(ARGV[6]))
local spacing = within(0, 1, "spacing", 0.5)
local paused_until = within(0, now + LONGEST_PAUSE, "paused_until", 0)
local next_at = within(0, now + LONGEST_QUEUE, "next_at", 0)
local last_at = within(0, now, "last_at", 0)
local digested_at = within(0, now, "digested_at", 0)
local undigested = known.undigested == "1"

for i = 8, #ARGV do
  redis.call("RPUSH", events, stamp .. " " .. ARGV[i])
  undigested = undigested or string.find(ARGV[i], "refused", 1, true) ~= nil
end

undigested = undigested and redis.call("EXISTS", events) == 1 -- or a Redis that drops keys would hold up all for good

local given, wait, slot = "", 0, nil
if ARGV[1] == "1" then
  if undigested then
    wait = DIGESTS_WITHIN -- nobody sends before it is known what a refusal means
  else
    slot = tonumber(ARGV[2])
    if not slot or ARGV[3] ~= generation then
      slot = math.max(now, next_at, paused_until)
      next_at = slot + interval
    end
    local earliest = math.max(slot, last_at + spacing * interval)
    if now < earliest then
      slot = earliest
      wait = earliest - now
    else
      if spacing >= 1 then next_at = next_at + math.min(now - slot, interval) end -- who is late delays all the others
      redis.call("RPUSH", events, stamp .. ' ["sent"]')
      given, last_at, slot = stamp, now, nil
    end
  end
end

redis.call("LTRIM", events, -MOST_EVENTS, -1)
redis.call("HSET", turns,
  "seen_at", stamp, "generation", generation, "undigested", undigested and "1" or "0",
  "next_at", string.format("%.6f", next_at), "last_at", string.format("%.6f", last_at))

local answer = {
  given, string.format("%.6f", wait), slot and string.format("%.6f", slot) or "", slot and generation or "",
  string.format("%.6f", rate), string.format("%.6f", math.max(0, paused_until - now)),
}
if (undigested or now - digested_at >= DIGEST_EVERY) and redis.call("EXISTS", events) == 1 then
  local left = redis.call("PTTL", lock)
  if left == -1 or left > LOCK_MS then redis.call("DEL", lock) end -- none of ours
  if redis.call("SET", lock, ARGV[7], "NX", "PX", LOCK_MS) then
    answer[#answer + 1] = redis.call("GET", state) or ""
    for _, event in ipairs(redis.call("LRANGE", events, 0, -1)) do answer[#answer + 1] = event end
  end
end
for i = 1, 3 do redis.call("PEXPIRE", KEYS[i], EXPIRE_MS) end
return answer
