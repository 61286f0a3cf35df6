/**
 * PostgreSQL 13 and later: the log by `pg_receivewal` with a replication slot, so that the server
 * keeps what was not received yet; copies of everything by `pg_basebackup`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../run-program.ts";
import { placeOfLsn } from "./log-names.ts";
import type { Place, StreamSpec } from "./stream-line.ts";
import type { StreamServer } from "./stream-server.ts";

const askTimeoutMs = 60_000;
/** Names of slots: letters, digits and underscores. */
const slotCharacters = 63;

export function postgresServer(spec: StreamSpec, name: string): StreamServer {
  const slot = `soulmirror_${name}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "_")
    .slice(0, slotCharacters);
  const env = { PGCONNECT_TIMEOUT: "10", PGAPPNAME: "soulmirror", LC_ALL: "C", ...spec.env };
  const words = ["--no-password", ...spec.words];
  const run = (
    command: string,
    args: readonly string[],
    { signal, timeoutMs = askTimeoutMs }: { signal: AbortSignal; timeoutMs?: number },
  ): Promise<string> =>
    runProgram({ command, args: [...words, ...args], env, timeoutMs }, { signal });
  const ask = async (statements: readonly string[], signal: AbortSignal): Promise<string> => {
    const isNamed = words.some((word) => /^(?:-d|--dbname)/.test(word));
    const database = isNamed ? [] : ["--dbname=postgres"];
    const options = ["--no-psqlrc", "--no-align", "--tuples-only", ...database];
    return await run("psql", [...options, ...statements.map((each) => `--command=${each}`)], {
      signal,
    });
  };
  const state = async (signal: AbortSignal): Promise<ServerState> =>
    readState(await ask(stateStatements(slot), signal));
  return {
    kind: "postgres",
    env,
    async look(newest, signal) {
      const now = await state(signal);
      const { at, flushed, segmentBytes, received, timeline } = now;
      const placeOf = (lsn: string): Place => placeOfLsn(lsn, timeline, segmentBytes);
      const lost = newest && lossOf(slot, now);
      return {
        mark: { atMs: at, place: placeOf(flushed) },
        segmentBytes,
        ...(received === "" ? {} : { received: placeOf(received) }),
        ...(lost === undefined ? {} : { lost }),
      };
    },
    async begin(signal) {
      const { hasSlot } = await state(signal);
      const drop = `SELECT pg_drop_replication_slot('${slot}')`;
      // Reserved at once, and not only when the receiver comes.
      const make = `SELECT pg_create_physical_replication_slot('${slot}', true)`;
      await ask(hasSlot ? [drop, make] : [make], signal);
    },
    receive: (folder) => ({
      command: "pg_receivewal",
      // Written to the disk and told at once: the server may forget it then.
      args: [...words, `--slot=${slot}`, `--directory=${folder}`, "--synchronous", "--no-loop"],
    }),
    async takeBase(folder, signal) {
      const options = [
        "--format=tar",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--label=soulmirror",
      ];
      const { timeoutMs } = spec;
      await run("pg_basebackup", [`--pgdata=${folder}`, ...options], { signal, timeoutMs });
      const manifest = await readFile(join(folder, "backup_manifest"), "utf8");
      const { segmentBytes, timeline } = await state(signal);
      const [, lsn] = /"Start-LSN": "([0-9A-F]+\/[0-9A-F]+)"/.exec(manifest) ?? [];
      if (lsn === undefined)
        throw new Error("the manifest of the copy does not say where it begins");
      return placeOfLsn(lsn, timeline, segmentBytes);
    },
  };
}

interface ServerState {
  readonly at: number;
  readonly flushed: string;
  readonly timeline: string;
  readonly segmentBytes: number;
  readonly received: string;
  readonly hasSlot: boolean;
  /** As the server calls it; empty behind a crash, until it is received again. */
  readonly slotState: string;
}

/**
 * The message is a transaction of its own: recovery stops only where it sees a later one, and so it
 * can stop at any moment before. It reaches the receiver while the server sleeps.
 */
function stateStatements(slot: string): readonly string[] {
  const ofSlot = (column: string): string =>
    `(SELECT ${column} FROM pg_replication_slots WHERE slot_name = '${slot}')`;
  return [
    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000), pg_logical_emit_message(true, 'soulmirror', '')",
    "SELECT pg_sleep(0.1)",
    `SELECT pg_current_wal_flush_lsn(), left(pg_walfile_name(pg_current_wal_flush_lsn()), 8),
      pg_size_bytes(current_setting('wal_segment_size')), ${ofSlot("restart_lsn")}, ${ofSlot("wal_status")}, ${ofSlot("count(*)")}`,
  ];
}

function readState(said: string): ServerState {
  const [first = "", , last = ""] = said.trimEnd().split("\n");
  const [flushed = "", timeline = "", segmentBytes, received = "", slotState = "", slots] =
    last.split("|");
  const at = Number(first.split("|")[0]);
  if (!(at > 0) || !flushed.includes("/")) throw new Error(`psql said something else: ${said}`);
  return {
    at,
    flushed,
    timeline,
    segmentBytes: Number(segmentBytes),
    received,
    slotState,
    hasSlot: slots === "1",
  };
}

function lossOf(slot: string, { hasSlot, slotState }: ServerState): string | undefined {
  if (!hasSlot) return `the server has no replication slot ${slot} any more`;
  if (slotState !== "lost") return undefined;
  return `the server gave up the replication slot ${slot}, for too much was not received`;
}
