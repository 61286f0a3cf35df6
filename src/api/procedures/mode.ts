import { z } from "zod";
import { findService } from "../find-resource.ts";
import { accepted, mode as shape, takenUp } from "../shapes/fleet.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { procedure } from "./procedure.ts";

export const mode = procedure({
  method: "GET",
  path: "/api/v1/mode",
  access: "read",
  summary: "How much may be done: off, shadow, monitor, limited, full; and where it was changed",
  input: nothing,
  output: z.object({ mode: shape, scopes: z.record(z.string(), shape) }),
  run: ({ house }) => ({ mode: house.mode(), scopes: house.modes() }),
});

export const setMode = procedure({
  method: "POST",
  path: "/api/v1/mode",
  access: "act",
  summary: "Change it for the fleet or one service; never wider than the fleet file allows",
  status: 202,
  input: z.object({ scope: name.default("fleet").describe("`fleet` or a service"), mode: shape }),
  output: accepted,
  run: ({ house, caller }, input) => {
    const scope = input.scope === "fleet" ? "fleet" : findService(house, input.scope).name;
    house.request({ kind: "mode", scope, mode: input.mode, by: caller.name });
    return takenUp(`mode ${input.mode} for ${scope}`);
  },
});

export const down = procedure({
  method: "POST",
  path: "/api/v1/down",
  access: "act",
  summary: "Stop all services in order, dependents first",
  status: 202,
  input: nothing,
  output: accepted,
  run: ({ house, caller }) => {
    house.request({ kind: "down", by: caller.name });
    return takenUp("down");
  },
});
