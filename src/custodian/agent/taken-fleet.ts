/**
 * The fleet files as the daemon took them last, kept for the agents of vaults: an agent that is
 * started anew while somebody writes into a fleet file, or has broken it, goes on with what the
 * daemon goes on with.
 *
 * 1. It is for its owner alone: what people write into a fleet file may be secret.
 * 2. It is whole or not there; what cannot be read is none.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigText } from "../../config/index.ts";
import { writeDurably } from "../../system/index.ts";

function pathIn(dataPath: string): string {
  return join(dataPath, "taken-fleet.json");
}

export async function keepTakenFleet(
  dataPath: string,
  files: readonly ConfigText[],
): Promise<void> {
  await writeDurably(pathIn(dataPath), JSON.stringify({ files }), { mode: 0o600 });
}

/** The fleet file, then those beside it. Undefined: no daemon has left one. */
export async function takenFleet(dataPath: string): Promise<readonly ConfigText[] | undefined> {
  try {
    const kept = JSON.parse(await readFile(pathIn(dataPath), "utf8")) as { files?: unknown };
    return areTexts(kept.files) && kept.files.length > 0 ? kept.files : undefined;
  } catch {
    // None, or torn.
    return undefined;
  }
}

function areTexts(value: unknown): value is readonly ConfigText[] {
  return (
    Array.isArray(value) &&
    value.every((each: Partial<ConfigText> | null) => {
      return typeof each?.path === "string" && typeof each.text === "string";
    })
  );
}
