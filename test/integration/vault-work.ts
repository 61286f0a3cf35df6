/** A vault as its custodian keeps it, and each kind of work in it as one call. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  healVault,
  openVault,
  protect,
  pruneVault,
  vaultFolder,
} from "../../src/custodian/index.ts";
import { realSurroundings } from "../../src/custodian/surroundings.ts";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { initialise, isDamage, type Location } from "../../src/vault/index.ts";
import { cheapCost } from "./cheap-key.ts";
import { passphrase, restoreTo } from "./restore-bench.ts";
import { program } from "./servers/server-process.ts";

const run = promisify(execFile);

export const verbs = ["backup", "prune", "heal", "restore"] as const;
export type Verb = (typeof verbs)[number];

export interface WorkPlace {
  /** Holds `source`, `data`, what belongs to this machine, and `restored`. */
  readonly folder: string;
  /** Anew for each call, which closes them. */
  readonly locations: () => readonly Location[];
}

export const keptSnapshots = 3;
const keep = { last: keptSnapshots, hourly: 0, daily: 0, weekly: 0, monthly: 0 };
const forever = { yearly: 0, withinMs: 0 };
const { signal } = new AbortController();
const tools = { kernels: createKernels(), derive: deriveKey };

/** Two repositories beside the source. */
export function repositoriesIn(folder: string): readonly [string, string] {
  return [join(folder, "a"), join(folder, "b")];
}

export function inFolders(folder: string): WorkPlace {
  const open = (repository: string): Location => openFileLocation({ folder: repository });
  return { folder, locations: () => repositoriesIn(folder).map(open) };
}

/** With a key that is derived in no time, for it is opened hundreds of times. */
export async function makeVault({ folder, locations }: WorkPlace): Promise<void> {
  mkdirSync(join(folder, "source"));
  await using closing = new AsyncDisposableStack();
  const opened = locations();
  for (const each of opened) closing.use(each);
  const surroundings = realSurroundings();
  const common = { tools, surroundings, signal, cost: cheapCost };
  await initialise({ locations: opened, passphrase, ...common });
}

/** Rejects when it did not do all of it, with what is left. */
export async function work(
  place: WorkPlace,
  verb: Verb,
  target: string = join(place.folder, "restored"),
): Promise<void> {
  const mending = verb === "heal" ? { mending: { refill: [] } } : {};
  const locations = place.locations();
  await using opened = await openVault({ locations, passphrase, signal, ...mending });
  const folder = vaultFolder(join(place.folder, "data"), "kept");
  const left = opened.leftOut.map(({ location, reason }) => `${location}: ${reason}`);
  const common = { opened, folder, signal };
  const spec = {
    sources: [join(place.folder, "source")],
    locations: [],
    exclude: [],
    quorum: locations.length,
    dumps: {},
    streams: {},
    limits: { threads: 1 },
    keep: { ...keep, ...forever },
  };
  if (verb === "backup") {
    const { places, suspicions } = await protect({ ...common, spec });
    left.push(...places.flatMap(({ reason }) => reason || []));
    left.push(...suspicions.map((each) => JSON.stringify(each)));
  } else if (verb === "prune") {
    const wish = { isDryRun: false, isAccepted: false };
    const { forgotten, pruned } = await pruneVault({ ...common, ...wish, spec });
    left.push(...forgotten.plan.freezes.map(({ kind }) => kind));
    if (pruned.kind !== "done" || pruned.unfinished.length > 0) left.push(JSON.stringify(pruned));
  } else if (verb === "heal") {
    const outcome = await healVault({ ...common, readsAll: true });
    const { findings, lost, refusals } = outcome;
    const bad = [...findings.filter(isDamage), ...lost, ...refusals, ...outcome.left];
    left.push(...bad.map((each) => JSON.stringify(each)));
  } else {
    const { failures, stopped } = await restoreTo({ ...opened, damage: [] }, target);
    left.push(...failures, ...(stopped === undefined ? [] : [stopped]));
  }
  if (left.length > 0) throw new Error(`${verb} left something undone: ${left.join("; ")}`);
}

/** The one of the distribution, in any repository of these places. */
export async function restic(repository: string, ...words: readonly string[]): Promise<string> {
  const env = { ...process.env, RESTIC_PASSWORD: passphrase };
  const options = ["--no-cache", "-r", repository, ...words];
  return (await run(program("restic"), options, { env, maxBuffer: 64 << 20 })).stdout;
}
