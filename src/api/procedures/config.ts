import { z } from "zod";
import { SoulMirrorError } from "../../kernel/index.ts";
import { name, nothing } from "../shapes/inputs.ts";
import { procedure } from "./procedure.ts";

// Commands and environments stand in the configuration: like logs, it always needs the token.

export const config = procedure({
  method: "GET",
  path: "/api/v1/config",
  access: "sensitive",
  summary: "The effective configuration, secrets masked",
  input: nothing,
  output: z.object({ config: z.unknown() }),
  run: ({ house }) => ({ config: house.effectiveConfig() }),
});

export const configDiff = procedure({
  method: "GET",
  path: "/api/v1/config/diff",
  access: "sensitive",
  summary: "What loading the fleet file again would change",
  input: nothing,
  output: z.object({ changes: z.array(z.string()) }),
  run: async ({ house }) => ({ changes: await house.diff() }),
});

export const configKey = procedure({
  method: "GET",
  path: "/api/v1/config/explain/:key",
  access: "sensitive",
  summary: "The value of one key and where it came from",
  input: z.object({ key: name }),
  output: z.object({ key: z.string(), explanation: z.unknown() }),
  run: ({ house }, { key }) => {
    const explanation = house.explain(key);
    if (explanation === undefined) {
      throw new SoulMirrorError("NOT_FOUND", `the configuration has no key ${key}`);
    }
    return { key, explanation };
  },
});
