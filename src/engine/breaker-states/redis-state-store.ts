/**
 * States in one hash of a Redis server, over a connection that is handed in (ioredis, or anything
 * with its `hvals` and `eval`). Who goes before whom is decided by the server, within one script,
 * so that two processes that save at once lose nothing.
 */
import {
  checkArgument,
  checkOptions,
  havingOption,
  optionsOf,
  textOption,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import type { BreakerStateStore } from "./breaker-state-store.ts";
import { asOfNow, breakersMax, readSaved } from "./saved-breaker.ts";

/** What is used of a connection. */
export interface RedisConnection {
  hvals(key: string): Promise<string[]>;
  eval(script: string, numberOfKeys: number, ...args: (string | number)[]): Promise<unknown>;
}

/** So many go at once, so that not every further one costs a look at all of them. */
const trimmed = 200;

/**
 * The rule of `goesBefore`; who is equal changes nothing. Beyond the limit the ones that changed
 * longest ago go.
 */
const script = `
for index = 1, #ARGV, 2 do
  local known = redis.call("HGET", KEYS[1], ARGV[index])
  local wins = true
  if known then
    local ok, old = pcall(cjson.decode, known)
    if ok and type(old) == "table" then
      local new = cjson.decode(ARGV[index + 1])
      local a, b = tonumber(new.openedAt) or 0, tonumber(old.openedAt) or 0
      if a == b then
        a, b = tonumber(new.updatedAt) or 0, tonumber(old.updatedAt) or 0
      end
      wins = a > b
    end
  end
  if wins then redis.call("HSET", KEYS[1], ARGV[index], ARGV[index + 1]) end
end
if redis.call("HLEN", KEYS[1]) > ${breakersMax} then
  local all = redis.call("HGETALL", KEYS[1])
  local changed = {}
  for index = 1, #all, 2 do
    local ok, state = pcall(cjson.decode, all[index + 1])
    local at = ok and type(state) == "table" and tonumber(state.updatedAt) or 0
    changed[#changed + 1] = { all[index], at }
  end
  table.sort(changed, function(a, b) return a[2] < b[2] end)
  for index = 1, #changed - ${breakersMax - trimmed} do
    redis.call("HDEL", KEYS[1], changed[index][1])
  end
end
return 1
`;

/** So many at once keep the server's script short. */
const batch = 200;

/**
 * A store in one hash of a Redis server, for processes on several machines. The connection stays
 * its owner's and is never closed here; `load` and `save` reject with what it rejects with.
 *
 * @param options `key` of the hash, by default `soulmirror:breakers`.
 */
export function redisStateStore(
  redis: RedisConnection,
  tools: Pick<Tools, "wallMs"> = realTools,
  options: { readonly key?: string } = {},
): BreakerStateStore {
  const client = havingOption(["hvals", "eval"], "a client of Redis", "hand in one of ioredis");
  checkArgument(["redisStateStore", "redis"], redis, client);
  const read = checkOptions("redisStateStore", options, optionsOf({ key: textOption() }));
  const { key = "soulmirror:breakers" } = read;
  return {
    name: `Redis ${key}`,
    async load() {
      const values = await redis.hvals(key);
      const nowMs = tools.wallMs();
      const states = values.flatMap((text) => readSaved(parsed(text)) ?? []);
      const left = values.length - states.length;
      return {
        states: states.map((state) => asOfNow(state, nowMs)),
        troubles: left > 0 ? [`${left} members of ${key} are no states`] : [],
      };
    },
    async save(states) {
      for (let from = 0; from < states.length; from += batch) {
        const args = states
          .slice(from, from + batch)
          .flatMap((state) => [state.name, JSON.stringify(state)]);
        await redis.eval(script, 1, key, ...args);
      }
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Counted as left out by the caller.
    return undefined;
  }
}
