import { join, resolve } from "node:path";
import type { VaultAgent } from "../config/index.ts";
import { entryFile } from "../system/index.ts";

/**
 * How the agent of a vault is run: by our own command line. What it keeps in memory lives long, so
 * a small young generation and few arenas cost nothing and save tens of megabytes.
 */
export function vaultAgentOf(where: {
  readonly configPath: string;
  readonly dataPath: string;
}): VaultAgent {
  const program = entryFile("cli/main", import.meta.url).pathname;
  const [config, data] = [resolve(where.configPath), resolve(where.dataPath)];
  const node = ["--max-semi-space-size=2", "--disable-warning=ExperimentalWarning"];
  const place = ["-c", config, "--data", data];
  return {
    command: [process.execPath, ...node, program, ...place, "vault", "agent", "--supervised"],
    env: { MALLOC_ARENA_MAX: "2", NODE_COMPILE_CACHE: join(data, "compile-cache") },
  };
}
