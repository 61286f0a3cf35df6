/**
 * A dump and the binary log behind it, with a script that brings both into a new server of MariaDB.
 * Moments are whole seconds there: all of the seconds before is replayed.
 */
import { rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { baseDumpFile } from "./mariadb-server.ts";
import type { ReadyStream } from "./restore-stream.ts";

const replayFile = "replay.sh";

export async function readyMariadb(ready: ReadyStream): Promise<readonly string[]> {
  const { atMs, base, found, log, target } = ready;
  await rename(join(base, baseDumpFile), join(target, baseDumpFile));
  await rm(base, { recursive: true });
  const { covered } = found.line;
  const kept = log.filter(({ name }) => isNotBehind(name, covered?.place.file ?? ""));
  // Behind it an event may be cut off.
  if (covered !== undefined) {
    await truncate(join(target, "log", covered.place.file), covered.place.offset);
  }
  const stop =
    atMs === undefined
      ? []
      : [`--stop-datetime='${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")}'`];
  const options = [`--start-position=${found.base.from.offset}`, ...stop];
  const files = kept.map(({ name }) => `'log/${name}'`);
  await writeFile(
    join(target, replayFile),
    `#!/bin/sh
# Brings the dump and the binary log behind it into a new, empty server of MariaDB.
# Arguments are those of mariadb: --socket=/run/new.sock --user=root
set -eu
cd "$(dirname "$0")"
mariadb "$@" < ${baseDumpFile}
TZ=UTC mariadb-binlog --no-defaults ${[...options, ...files].join(" ")} > replay.sql
mariadb "$@" < replay.sql
`,
    { mode: 0o700 },
  );
  return [
    "# start a new, empty server, then with the options that reach it:",
    `sh '${join(target, replayFile)}' --socket=/run/new-server.sock --user=root`,
  ];
}

/** Of one series, so they sort as their numbers do once they are as long. */
function isNotBehind(name: string, last: string): boolean {
  return name.length < last.length || (name.length === last.length && name <= last);
}
