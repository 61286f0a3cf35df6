/**
 * What `ls`, `diff` and `restore` share: a look into the vault, the snapshot and the parts meant.
 */
import type { VaultSpec } from "../../config/index.ts";
import type { OpenedVault } from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { realClock } from "../../system/index.ts";
import {
  chooseParts,
  chooseSnapshot,
  type HeldSnapshot,
  type LocalNow,
  listSnapshots,
  type Parts,
  rawPathOfText,
  type Session,
  withSession,
} from "../../vault/index.ts";
import type { Context, Options } from "../command.ts";
import { openChosen } from "./chosen-vault.ts";

export interface Reading {
  readonly session: Session;
  readonly opened: OpenedVault;
  readonly snapshots: readonly HeldSnapshot[];
}

/**
 * Locks where that can be done; what is left of a vault on a read-only disk is read all the same.
 */
export async function reading<T>(
  context: Context,
  { signal, spec }: { readonly spec: VaultSpec; readonly signal: AbortSignal },
  work: (reading: Reading) => Promise<T>,
): Promise<T> {
  await using opened = await openChosen(context, spec, { signal });
  const wish = { isExclusive: false, mayGoWithoutLock: true, signal };
  return await withSession(opened.vault, wish, async (session) =>
    work({ session, opened, snapshots: await listSnapshots(session) }),
  );
}

/** `--snapshot` or `--at`; the latest one without. */
export function snapshotMeant(
  snapshots: readonly HeldSnapshot[],
  options: Options,
  id = options.text("snapshot"),
): HeldSnapshot {
  const at = options.text("at");
  const wish = { ...(id === undefined ? {} : { id }), ...(at === undefined ? {} : { at }) };
  const chosen = chooseSnapshot(snapshots, wish, localNow());
  if (chosen.ok) return chosen.value;
  throw chosen.error;
}

/** What people mean by a day and an hour where they are. */
function localNow(): LocalNow {
  const offsetMsAt = (utcMs: number): number => -new Date(utcMs).getTimezoneOffset() * 60_000;
  return { wallMs: realClock.now().wallMs, offsetMsAt };
}

/** `--path`, `--glob` and `--category`; all of it without. */
export function partsMeant(options: Options, spec: VaultSpec, sources: readonly string[]): Parts {
  const [path, glob] = [options.text("path"), options.text("glob")];
  const parts = chooseParts({
    sources,
    ...(path === undefined ? {} : { paths: [rawPathOfText(path)] }),
    globs: [...(glob === undefined ? [] : [glob]), ...globsOfCategory(options, spec)],
  });
  if (parts.ok) return parts.value;
  throw new SoulMirrorError("BAD_REQUEST", parts.error);
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
