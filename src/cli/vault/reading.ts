/**
 * What `ls`, `diff` and `restore` share: a look into the vault, the snapshot and the parts meant.
 */
import type { VaultSpec } from "../../config/index.ts";
import {
  type OpenedVault,
  pathMeant,
  type Reading,
  readVault,
  snapshotOf,
  vaultFolderPath,
} from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { realClock } from "../../system/index.ts";
import {
  chooseParts,
  type HeldSnapshot,
  type Parts,
  type RawPath,
  rawPathOfText,
} from "../../vault/index.ts";
import type { Context, Options } from "../command.ts";
import { openChosen } from "./chosen-vault.ts";

export async function reading<T>(
  context: Context,
  { signal, spec }: { readonly spec: VaultSpec; readonly signal: AbortSignal },
  work: (reading: Reading & { readonly opened: OpenedVault }) => Promise<T>,
): Promise<T> {
  await using opened = await openChosen(context, spec, { signal });
  const folder = vaultFolderPath(context.place.dataPath, spec.name);
  const readable = { vault: opened.vault, folder, signal };
  return await readVault(readable, (read) => work({ ...read, opened }));
}

/** `--snapshot` or `--at`; the latest one without, and a word where its time cannot be right. */
export function snapshotMeant(
  snapshots: readonly HeldSnapshot[],
  { options, out }: Pick<Context, "options" | "out">,
): HeldSnapshot {
  const [at, id = "latest"] = [options.text("at"), options.text("snapshot")];
  const meant = snapshotOf(snapshots, { id, ...(at === undefined ? {} : { at }) });
  if (at === undefined && id === "latest") {
    const doubt = doubtOf(snapshots, meant);
    if (doubt !== undefined) out.note(`warning: ${doubt}`);
  }
  return meant;
}

/** Clocks of machines differ by less. */
const unevenMs = 600_000;

function doubtOf(snapshots: readonly HeldSnapshot[], latest: HeldSnapshot): string | undefined {
  const later = snapshots.findLast(({ timeNs }) => timeNs > latest.timeNs);
  if (later !== undefined) {
    return `the time of ${saidSnapshot(later)} is wrong: ${saidSnapshot(latest)} came after it, and is taken as the latest`;
  }
  const nowNs = BigInt(Math.round(realClock.now().wallMs + unevenMs)) * 1_000_000n;
  if (latest.timeNs <= nowNs) return undefined;
  return `the time of the latest one, ${saidSnapshot(latest)}, is still to come: some clock is wrong; \`soulmirror vault snapshots\` lists the others`;
}

/** Its id and its time. */
export function saidSnapshot({ id, timeNs }: HeldSnapshot): string {
  const at = new Date(Number(timeNs / 1_000_000n)).toISOString();
  return `snapshot ${id.slice(0, 8)} (${at.slice(0, 19).replace("T", " ")}Z)`;
}

/** `--path`, `--glob` and `--category`; all of it without. */
export function partsMeant(options: Options, spec: VaultSpec, sources: readonly string[]): Parts {
  const [path, glob] = [pathOf(options), options.text("glob")];
  const parts = chooseParts({
    sources,
    ...(path === undefined ? {} : { paths: [path] }),
    globs: [...(glob === undefined ? [] : [glob]), ...globsOfCategory(options, spec)],
  });
  if (parts.ok) return parts.value;
  throw new SoulMirrorError("BAD_REQUEST", parts.error);
}

/** `--path`, as the snapshot has it. */
export function pathOf(options: Options): RawPath | undefined {
  const written = options.text("path");
  return written === undefined ? undefined : rawPathOfText(pathMeant(written));
}

function globsOfCategory(options: Options, { categories }: VaultSpec): readonly string[] {
  const name = options.text("category");
  if (name === undefined) return [];
  const globs = categories[name];
  if (globs !== undefined) return globs;
  const known = Object.keys(categories).join(", ");
  throw new SoulMirrorError("BAD_REQUEST", `there is no category ${name}`, {
    fix: known === "" ? "declare it below `categories`" : `declared: ${known}`,
  });
}
