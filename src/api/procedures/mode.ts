import { z } from "zod";
import { knownStrategy } from "../../config/index.ts";
import { type Mode, strictest } from "../../kernel/index.ts";
import { strategyScope } from "../../model/index.ts";
import { askLoop } from "../ask-loop.ts";
import { findService } from "../find-resource.ts";
import type { House } from "../house.ts";
import { accepted, mode as shape, takenUp } from "../shapes/fleet.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { procedure } from "./procedure.ts";

export const mode = procedure({
  method: "GET",
  path: "/api/v1/mode",
  access: "read",
  summary: "How much may be done: off, shadow, monitor, limited, full; and where it was changed",
  input: z.object({
    scope: name.default("fleet").describe("Whose mode `mode` is: as it is in force"),
  }),
  output: z.object({ mode: shape, scopes: z.record(z.string(), shape) }),
  run: ({ house }, { scope }) => ({ mode: modeOf(house, scope), scopes: house.modes() }),
});

/** What is in force: the strictest of what the file and people say. */
function modeOf(house: House, word: string): Mode {
  const scope = scopeOf(house, word);
  const service = house.services().find((each) => each.name === scope);
  if (service) return service.mode;
  const name = scope.startsWith("strategy/") ? scope.slice("strategy/".length) : scope;
  const modes = house.modes();
  return strictest(house.mode(), modes[scope] ?? modes[name] ?? "full");
}

export const setMode = procedure({
  method: "POST",
  path: "/api/v1/mode",
  access: "act",
  summary:
    "Change it for the fleet, one service or one strategy; never wider than the fleet file allows",
  status: 202,
  input: z.object({
    scope: name.default("fleet").describe("`fleet`, a service or a strategy"),
    mode: shape,
  }),
  output: accepted,
  run: ({ house, caller }, input) => {
    const scope = scopeOf(house, input.scope);
    askLoop(house, { kind: "mode", scope, mode: input.mode, by: caller.name });
    return takenUp(`mode ${input.mode} for ${scope}`);
  },
});

/** Of a service and a strategy with one name, `strategy/NAME` is the strategy. */
function scopeOf(house: House, word: string): string {
  if (word === "fleet" || house.services().some(({ name }) => name === word)) return word;
  const strategy = knownStrategy(word.replace(/^strategy\//, ""));
  return strategy === undefined ? findService(house, word).name : strategyScope(strategy);
}

export const down = procedure({
  method: "POST",
  path: "/api/v1/down",
  access: "act",
  summary: "Stop all services in order, dependents first",
  status: 202,
  input: nothing,
  output: accepted,
  run: ({ house, caller }) => {
    askLoop(house, { kind: "down", by: caller.name });
    return takenUp("down");
  },
});
