import { join, resolve } from "node:path";
import type { VaultAgent } from "../config/index.ts";
import { entryFile } from "../system/index.ts";

/**
 * What the agent keeps in memory lives long, so a small young generation and few arenas cost
 * nothing and save tens of megabytes. V8's memory reducer would collect everything half a minute
 * behind each small snapshot: 50 to 200 ms of processor time where the rest of it takes 10.
 */
export const agentNode = {
  flags: [
    "--max-semi-space-size=2",
    "--no-memory-reducer",
    "--disable-warning=ExperimentalWarning",
  ],
  env: { MALLOC_ARENA_MAX: "2" },
} as const;

/** How the agent of a vault is run: by our own command line. */
export function vaultAgentOf(where: {
  readonly configPath: string;
  readonly dataPath: string;
}): VaultAgent {
  const program = entryFile("cli/main", import.meta.url).pathname;
  const [config, data] = [resolve(where.configPath), resolve(where.dataPath)];
  const place = ["-c", config, "--data", data];
  return {
    command: [
      process.execPath,
      ...agentNode.flags,
      program,
      ...place,
      "vault",
      "agent",
      "--supervised",
    ],
    env: { ...agentNode.env, NODE_COMPILE_CACHE: join(data, "compile-cache") },
  };
}
