/**
 * A database as it was at a moment: a base and the log behind it, made ready for a new server, with
 * the commands that start it. Nothing is started here.
 *
 * M1. The log is whole from the base to the moment, or nothing is made: what is missing is told.
 * M2. The target is a folder that is not there, or empty.
 */
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import { chooseParts, type OnProgress, rawPathOfText, textOfRawPath } from "../../vault/index.ts";
import { restoreVault } from "../restore-vault.ts";
import { type FoundLine, findLine, type LineWish, type Vaulted } from "./find-line.ts";
import { gapIn, type LogName, readLogName } from "./log-names.ts";
import { readyMariadb } from "./ready-mariadb.ts";
import { readyPostgres } from "./ready-postgres.ts";
import { logIn } from "./shelf.ts";
import { basesOf, logOf } from "./stream-folder.ts";

export interface RestoringStream extends LineWish {
  /** Absolute. */
  readonly target: string;
  /** See `vaultFolder`. */
  readonly folder: string;
  readonly threads?: number | undefined;
  readonly signal: AbortSignal;
  readonly onNotice: (text: string) => void;
  readonly onProgress?: OnProgress;
  /** See `restoreVault`. */
  readonly isEstimated?: boolean;
}

export interface RestoredStream {
  readonly stream: string;
  readonly snapshot: string;
  readonly target: string;
  /** What it will be as of, by the server's clock. */
  readonly atMs: number;
  /** For a shell, in their order. */
  readonly commands: readonly string[];
}

/** What lies ready in the target, for the server's kind to make the most of. */
export interface ReadyStream {
  readonly target: string;
  /** The base as it was made. */
  readonly base: string;
  /** Files of the log, `target/log`. */
  readonly log: readonly LogName[];
  readonly found: FoundLine;
  /** Undefined: all of the log. */
  readonly atMs: number | undefined;
  readonly signal: AbortSignal;
}

/** @throws SoulMirrorError NOT_FOUND, CONFLICT, LOCATION_FAILED, VAULT_DAMAGED */
export async function restoreStream(
  vaulted: Vaulted,
  restoring: RestoringStream,
): Promise<RestoredStream> {
  const { atMs, signal, stream, target } = restoring;
  await refuseFilled(target);
  const found = await findLine(vaulted, restoring);
  const received = join(target, "received");
  await fetchLine(vaulted, found, { ...restoring, target: received });
  const line = join(received, textOfRawPath(found.path));
  await rename(logOf(line), join(target, "log"));
  await rename(join(basesOf(line), found.base.id), join(target, "base"));
  await rm(received, { recursive: true, force: true });
  const log = await wholeLog(found, join(target, "log"));
  const ready = { target, base: join(target, "base"), log, found, atMs, signal };
  const commands = await (found.line.kind === "postgres"
    ? readyPostgres(ready)
    : readyMariadb(ready));
  const coveredMs = found.line.covered?.atMs ?? 0;
  return { stream, target, commands, snapshot: found.snapshot.id, atMs: atMs ?? coveredMs };
}

/** M2 */
async function refuseFilled(target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  if ((await readdir(target)).length === 0) return;
  throw new SoulMirrorError("CONFLICT", `${target} is not empty`, { fix: "name a new folder" });
}

async function fetchLine(
  { opened, session }: Vaulted,
  { base, path, snapshot }: FoundLine,
  restoring: RestoringStream,
): Promise<void> {
  const { folder, isEstimated, onNotice, onProgress, target, threads } = restoring;
  const line = textOfRawPath(path);
  const paths = [join(basesOf(line), base.id), logOf(line)].map(rawPathOfText);
  const parts = chooseParts({ sources: snapshot.paths, paths });
  if (!parts.ok) throw new SoulMirrorError("INTERNAL", parts.error);
  const { failed, stopped } = await restoreVault(session, {
    opened,
    snapshot,
    parts: parts.value,
    folder,
    target,
    overwrite: "always",
    threads,
    onNotice,
    ...(onProgress && { onProgress }),
    ...(isEstimated !== undefined && { isEstimated }),
    onFailure: (at, reason) => onNotice(`not restored: ${textOfRawPath(at)}: ${reason}`),
  });
  if (failed === 0 && stopped === "") return;
  throw new SoulMirrorError("LOCATION_FAILED", `${failed} files could not be restored ${stopped}`);
}

/** M1 */
async function wholeLog({ base, line }: FoundLine, folder: string): Promise<readonly LogName[]> {
  const last = line.covered?.place.file ?? "";
  const [from, to] = [base.from.file, last].map((name) =>
    readLogName(line.kind, name, line.segmentBytes),
  );
  const log = (await logIn(line, folder)).filter(({ number }) => number >= (from?.number ?? 0));
  const gap =
    log[0]?.number === from?.number && (log.at(-1)?.number ?? -1) >= (to?.number ?? 0)
      ? gapIn(log)
      : `it does not reach from ${base.from.file} to ${last}`;
  if (gap === undefined) return log;
  await rmdir(folder).catch(() => undefined);
  throw new SoulMirrorError("VAULT_DAMAGED", `the log is not whole: ${gap}`, {
    fix: "choose a moment before it, or mend the vault: soulmirror vault heal",
  });
}
