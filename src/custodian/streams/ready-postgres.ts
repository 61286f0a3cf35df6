/**
 * A data directory for PostgreSQL that replays the log up to the moment when it is started, and
 * then goes on as a server of its own.
 */
import {
  appendFile,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../run-program.ts";
import type { ReadyStream } from "./restore-stream.ts";

const unpackTimeoutMs = 6 * 3_600_000;

export async function readyPostgres(ready: ReadyStream): Promise<readonly string[]> {
  const { atMs, base, log, signal, target } = ready;
  const data = join(target, "data");
  await unpack(join(base, "base.tar"), data, signal);
  await unpack(join(base, "pg_wal.tar"), join(data, "pg_wal"), signal);
  await unpackTablespaces(ready, data);
  await rm(base, { recursive: true });
  for (const { name } of log) {
    const path = join(target, "log", name);
    if (name.endsWith(".partial")) await rename(path, path.slice(0, -".partial".length));
  }
  await writeRecovery(data, join(target, "log"), atMs);
  await giveTo(await stat(join(data, "PG_VERSION")), target);
  const version = (await readFile(join(data, "PG_VERSION"), "utf8")).trim();
  return [
    `# as the user that PostgreSQL ${version} runs as:`,
    `pg_ctl --pgdata='${data}' --wait --timeout=86400 start`,
    "# when it answers it is as of that moment, and takes writes",
  ];
}

async function unpack(archive: string, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const args = [
    "--extract",
    `--file=${archive}`,
    `--directory=${folder}`,
    "--preserve-permissions",
  ];
  await runProgram({ command: "tar", args, env: {}, timeoutMs: unpackTimeoutMs }, { signal });
}

/** They get places below the target: where they were, others may lie. */
async function unpackTablespaces(
  { base, signal, target }: ReadyStream,
  data: string,
): Promise<void> {
  const numbers = (await readdir(base)).flatMap((name) => /^(\d+)\.tar$/.exec(name)?.[1] ?? []);
  if (numbers.length === 0) return;
  const lines: string[] = [];
  for (const number of numbers) {
    const folder = join(target, "tablespaces", number);
    await unpack(join(base, `${number}.tar`), folder, signal);
    lines.push(`${number} ${folder}\n`);
  }
  await writeFile(join(data, "tablespace_map"), lines.join(""));
}

async function writeRecovery(data: string, log: string, atMs: number | undefined): Promise<void> {
  const settings = [
    `restore_command = 'cp "${log.replaceAll("'", "''")}/%f" "%p"'`,
    "recovery_target_timeline = 'current'",
    "recovery_target_action = 'promote'",
    // The restored one must not write into the archive of the one it is a copy of.
    "archive_mode = off",
    "primary_conninfo = ''",
    "primary_slot_name = ''",
    ...(atMs === undefined ? [] : [`recovery_target_time = '${timeOf(atMs)}'`]),
  ];
  await appendFile(join(data, "postgresql.auto.conf"), `${settings.join("\n")}\n`);
  await writeFile(join(data, "recovery.signal"), "", { mode: 0o600 });
  // Some packages keep these elsewhere; without them no server starts.
  for (const [name, text] of [
    ["postgresql.conf", "# Settings of the server were not part of its data.\n"],
    ["pg_hba.conf", "local all all peer\n"],
    ["pg_ident.conf", ""],
  ] as const) {
    await writeFile(join(data, name), text, { flag: "wx", mode: 0o600 }).catch(() => undefined);
  }
}

/** As its settings take it; the letter Z they do not. */
function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace("T", " ").replace("Z", "+00");
}

/** Root restores what another user's server reads. */
async function giveTo({ gid, uid }: { uid: number; gid: number }, target: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owned = ["data", "log", "tablespaces", "data/pg_wal"].map((name) => join(target, name));
  const log = (await readdir(join(target, "log"))).map((name) => join(target, "log", name));
  const own = ["postgresql.auto.conf", "recovery.signal", "postgresql.conf", "pg_hba.conf"];
  const files = [...own, "pg_ident.conf", "tablespace_map"].map((name) =>
    join(target, "data", name),
  );
  const spaces = join(target, "tablespaces");
  const tablespaces = (await readdir(spaces).catch(() => [])).map((name) => join(spaces, name));
  for (const path of [target, ...owned, ...tablespaces, ...log, ...files]) {
    await chown(path, uid, gid).catch((error: unknown) => {
      // Few servers have tablespaces.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    });
  }
}
