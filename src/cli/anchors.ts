/** What the daemon noted in its own log about the end of the journal, over the log's rotation. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Anchor } from "../knowledge/index.ts";

export function readAnchors(logs: string): readonly Anchor[] {
  if (!existsSync(logs)) return [];
  return readdirSync(logs)
    .filter((name) => /^daemon\.log(\.\d+)?$/.test(name))
    .flatMap((name) => readFileSync(join(logs, name), "utf8").split("\n"))
    .flatMap((line) => (line.includes('"anchor"') ? (anchorIn(line) ?? []) : []));
}

function anchorIn(line: string): Anchor | undefined {
  try {
    const { event, position, seal } = JSON.parse(line) as Record<string, unknown>;
    if (event !== "anchor" || typeof position !== "number" || typeof seal !== "string") return;
    return { position, seal };
  } catch {
    // The last line of a daemon that was killed while it wrote.
    return undefined;
  }
}
