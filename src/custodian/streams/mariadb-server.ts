/**
 * MariaDB with a binary log: the log by `mariadb-binlog`, byte for byte; copies of everything by
 * `mariadb-dump` in one transaction, which says where in the log it stands.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { dumpProgram } from "../dumps/dump-program.ts";
import { behindDefaults, runProgram } from "../run-program.ts";
import type { Place, StreamSpec } from "./stream-line.ts";
import type { Newest, StreamServer } from "./stream-server.ts";

const askTimeoutMs = 60_000;
export const baseDumpFile = "base.sql";

export function mariadbServer(spec: StreamSpec, name: string): StreamServer {
  const env = { ...spec.env };
  const words = (more: readonly string[]): readonly string[] => behindDefaults(spec.words, more);
  // Two receivers with one number would end each other's connection.
  const number = (createHash("sha256").update(name).digest().readUInt32BE() >>> 1) | 0x40000000;
  return {
    kind: "mariadb",
    env,
    async look(newest, signal) {
      const question = `SELECT FLOOR(UNIX_TIMESTAMP(SYSDATE(6)) * 1000); SHOW MASTER STATUS; SHOW BINARY LOGS`;
      const args = words(["--batch", "--skip-column-names", "--connect-timeout=10"]);
      const program = { command: "mariadb", args: [...args, `--execute=${question}`] };
      const said = await runProgram({ ...program, env, timeoutMs: askTimeoutMs }, { signal });
      const [at = "", status = "", ...logs] = said.trimEnd().split("\n");
      const [file = "", offset] = status.split("\t");
      if (!(Number(at) > 0) || !(Number(offset) > 0)) {
        throw new Error("the server keeps no binary log: start it with --log-bin");
      }
      const sizes = new Map(
        logs.map((each) => each.split("\t")).map(([log = "", size]) => [log, Number(size)]),
      );
      const lost = newest && lossOf(newest, sizes);
      return {
        mark: { atMs: Number(at), place: { file, offset: Number(offset) } },
        segmentBytes: 0,
        ...(lost === undefined ? {} : { lost }),
      };
    },
    // It keeps its log by its own settings; what it gave up is seen by `look`.
    begin: () => Promise.resolve(),
    receive: (folder, from) => ({
      command: "mariadb-binlog",
      args: [
        ...words(["--read-from-remote-server", "--raw", "--stop-never"]),
        `--stop-never-slave-server-id=${number}`,
        `--result-file=${folder}/`,
        from,
      ],
    }),
    async takeBase(folder, signal) {
      const options = ["--all-databases", "--single-transaction", "--master-data=2"];
      const all = ["--routines", "--events", "--triggers", "--hex-blob", "--flush-privileges"];
      const program = { command: "mariadb-dump", args: words([...options, ...all]) };
      const path = join(folder, baseDumpFile);
      await dumpProgram({ ...program, env, timeoutMs: spec.timeoutMs }, path, signal);
      return await beginningOf(path);
    },
  };
}

function lossOf(
  { name, sizeBytes }: Newest,
  sizes: ReadonlyMap<string, number>,
): string | undefined {
  const size = sizes.get(name);
  if (size === undefined) return `the server has no binary log ${name} any more`;
  if (size >= sizeBytes) return undefined;
  return `the server's binary log ${name} is shorter than what was received: it began anew`;
}

/** Stands in a comment near its beginning. */
const headBytes = 65_536;

async function beginningOf(path: string): Promise<Place> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  const head = buffer.toString("latin1", 0, bytesRead);
  const [, log, offset] = /MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=(\d+)/.exec(head) ?? [];
  if (log === undefined) throw new Error("the dump does not say where in the binary log it stands");
  return { file: log, offset: Number(offset) };
}
