/**
 * Which snapshot of a vault holds a stream so that a moment can be reached: the first one behind it
 * that covers it, for later ones may hold newer bases only.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import { RestoreThreads } from "../../platform/restore/index.ts";
import {
  byTimeAndId,
  chooseParts,
  type HeldSnapshot,
  type RawPath,
  rawPathOfText,
  restore,
  type Session,
} from "../../vault/index.ts";
import type { OpenedVault } from "../open-vault.ts";
import { type KeptLine, linesIn } from "./stream-folder.ts";
import { type Base, baseFor, lineFile } from "./stream-line.ts";

export interface LineWish {
  readonly vault: string;
  readonly stream: string;
  /** Undefined: the latest that was received. */
  readonly atMs: number | undefined;
}

export interface FoundLine {
  readonly snapshot: HeldSnapshot;
  /** Its path in the snapshot. */
  readonly path: RawPath;
  readonly line: KeptLine["note"];
  readonly base: Base;
}

export interface Vaulted {
  readonly session: Session;
  readonly opened: Pick<OpenedVault, "keys">;
  readonly snapshots: readonly HeldSnapshot[];
}

const looksMax = 50;

/** @throws SoulMirrorError NOT_FOUND, with the moments that can be reached */
export async function findLine(vaulted: Vaulted, wish: LineWish): Promise<FoundLine> {
  const { atMs, stream } = wish;
  const holding = vaulted.snapshots
    .flatMap((snapshot) => withStreams(snapshot, wish.vault))
    .toSorted((a, b) => byTimeAndId(a.snapshot, b.snapshot));
  const behind = holding.filter(({ snapshot }) => snapshot.timeNs >= nsOfMs(atMs ?? Infinity));
  const reach: string[] = [];
  for (const { folder, snapshot } of [...behind.slice(0, looksMax), ...holding.slice(-1)]) {
    const path = `${folder}/${stream}`;
    const lines = await linesOf(vaulted, snapshot, path);
    for (const { id, note } of lines.toReversed()) {
      const base = baseFor(note, atMs ?? note.covered?.atMs ?? 0);
      if (base !== undefined) {
        return { snapshot, path: rawPathOfText(`${path}/${id}`), line: note, base };
      }
    }
    reach.splice(0, reach.length, ...lines.map(({ note }) => tellReach(note)));
  }
  const told = reach.length === 0 ? "nothing of it is in the vault" : reach.join("; ");
  throw new SoulMirrorError("NOT_FOUND", `the stream ${stream} cannot reach that moment: ${told}`, {
    fix: "name a moment within these, or --to latest",
  });
}

function nsOfMs(ms: number): bigint {
  return Number.isFinite(ms) ? BigInt(Math.floor(ms)) * 1_000_000n : 1n << 63n;
}

/** The data directory may have been another one then. */
function withStreams(
  snapshot: HeldSnapshot,
  vault: string,
): readonly { readonly snapshot: HeldSnapshot; readonly folder: string }[] {
  const folder = snapshot.paths.find((path) => path.endsWith(`/vault/${vault}/streams`));
  return folder === undefined ? [] : [{ snapshot, folder }];
}

function tellReach({ bases, covered, ended }: KeptLine["note"]): string {
  const [first] = bases;
  if (first === undefined || covered === undefined) return "no copy of everything is complete";
  const [from, to] = [first.atMs, covered.atMs].map((each) => new Date(each).toISOString());
  return `from ${from} to ${to}${ended === undefined ? "" : `, where it ended: ${ended.reason}`}`;
}

async function linesOf(
  { opened, session }: Vaulted,
  snapshot: HeldSnapshot,
  path: string,
): Promise<readonly KeptLine[]> {
  const scratch = await mkdtemp(join(tmpdir(), "soulmirror-stream-"));
  await using released = new AsyncDisposableStack();
  released.defer(() => rm(scratch, { recursive: true, force: true }));
  const target = new RestoreThreads({
    keys: opened.keys,
    root: rawPathOfText(scratch),
    overwrite: "always",
    threads: 1,
    warn: () => undefined,
  });
  released.use(target);
  const parts = chooseParts({ sources: [path], globs: [`*/${lineFile}`] });
  if (!parts.ok) throw new SoulMirrorError("INTERNAL", parts.error);
  await restore(session, { tree: snapshot.tree, parts: parts.value, target });
  const restored = join(scratch, path);
  const names = await readdir(restored).catch(() => []);
  return names.length === 0 ? [] : await linesIn(restored);
}
