/**
 * What `ls`, `diff` and `restore` share: a look into the vault, the snapshot and the parts meant.
 */
import type { VaultSpec } from "../../config/index.ts";
import { type OpenedVault, type Reading, readVault, snapshotOf } from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { chooseParts, type HeldSnapshot, type Parts, rawPathOfText } from "../../vault/index.ts";
import type { Context, Options } from "../command.ts";
import { openChosen } from "./chosen-vault.ts";

export async function reading<T>(
  context: Context,
  { signal, spec }: { readonly spec: VaultSpec; readonly signal: AbortSignal },
  work: (reading: Reading & { readonly opened: OpenedVault }) => Promise<T>,
): Promise<T> {
  await using opened = await openChosen(context, spec, { signal });
  return await readVault(opened.vault, signal, (read) => work({ ...read, opened }));
}

/** `--snapshot` or `--at`; the latest one without. */
export function snapshotMeant(snapshots: readonly HeldSnapshot[], options: Options): HeldSnapshot {
  const [at, id] = [options.text("at"), options.text("snapshot")];
  return snapshotOf(snapshots, {
    ...(id === undefined ? {} : { id }),
    ...(at === undefined ? {} : { at }),
  });
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
