/**
 * Sets extended attributes, ACLs among them: by setfattr, which reads them from a dump. It gets the
 * folders as open files, a number of them at a time, so that no path leads it elsewhere.
 */
import type { RawPath } from "../../vault/index.ts";
import { type AttributedPath, formatDump, parseComplaints } from "./attribute-dump.ts";
import { addressIn, type HeldFolders, splitPath } from "./held-folders.ts";
import { failureOf, type RestoreFailure } from "./restore-outcome.ts";
import { runProgram } from "./run-program.ts";

export interface AttributeWriterOptions {
  readonly folders: HeldFolders;
  /** Called once, when nothing can be written at all. */
  readonly warn: (message: string) => void;
  /** Below what `folders` holds. */
  readonly foldersPerCallMax?: number;
  readonly program?: string;
}

export interface AttributesWritten {
  readonly failures: readonly RestoreFailure[];
  /** Paths that lack some or all of theirs, for whatever reason. */
  readonly incomplete: ReadonlySet<RawPath>;
}

export type AttributeWriter = (paths: readonly AttributedPath[]) => Promise<AttributesWritten>;

export function createAttributeWriter({
  folders,
  warn,
  foldersPerCallMax = 48,
  program = "setfattr",
}: AttributeWriterOptions): AttributeWriter {
  let isMissing = false;

  async function writeBatch(
    batch: ReadonlyMap<RawPath, readonly AttributedPath[]>,
  ): Promise<readonly RestoreFailure[]> {
    const failures: RestoreFailure[] = [];
    const descriptors: number[] = [];
    const truePaths = new Map<RawPath, RawPath>();
    const dump: AttributedPath[] = [];
    for (const [folder, paths] of batch) {
      try {
        descriptors.push(folders.descriptor(folder));
      } catch (error) {
        failures.push(...paths.map(({ path }) => failureOf(path, error)));
        continue;
      }
      for (const { path, attributes } of paths) {
        const address = addressIn(descriptors.length + 2, splitPath(path).name);
        truePaths.set(address, path);
        dump.push({ path: address, attributes });
      }
    }
    const end = await runProgram({
      command: program,
      args: ["-h", "--restore=-"],
      input: formatDump(dump),
      descriptors,
    });
    if (end.kind === "missing") {
      isMissing = true;
      warn(`extended attributes and ACLs are not restored: ${program} is missing (package attr)`);
      return failures;
    }
    const complaints = end.kind === "ended" ? parseComplaints(end.err) : [];
    for (const { path, code } of complaints) {
      const truePath = truePaths.get(path) ?? path;
      const reason = "an extended attribute could not be set";
      failures.push({ kind: "failed", path: truePath, code, reason });
    }
    if (end.kind === "broken" || (end.status !== 0 && complaints.length === 0)) {
      const reason = end.kind === "broken" ? end.reason : end.err.slice(0, 200);
      for (const path of truePaths.values()) {
        failures.push({ kind: "failed", path, code: "EIO", reason });
      }
    }
    return failures;
  }

  return async (paths) => {
    const failures: RestoreFailure[] = [];
    let batch = new Map<RawPath, AttributedPath[]>();
    const write = async (): Promise<void> => {
      if (batch.size > 0 && !isMissing) failures.push(...(await writeBatch(batch)));
      batch = new Map();
    };
    for (const each of paths) {
      const { folder } = splitPath(each.path);
      if (!batch.has(folder) && batch.size === foldersPerCallMax) await write();
      const known = batch.get(folder);
      if (known === undefined) batch.set(folder, [each]);
      else known.push(each);
    }
    await write();
    const incomplete = isMissing ? paths : failures;
    return { failures, incomplete: new Set(incomplete.map(({ path }) => path)) };
  };
}
