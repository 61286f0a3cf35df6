/**
 * A real daemon over a fleet of tiny real services, all in one temporary folder.
 *
 * B1. Whatever was started is ended by the identity it has noted (pid, start, boot), never by name:
 *     services note theirs when they begin, the proxy tells its own.
 * B2. Nothing is slept for: conditions are asked for until they hold or a long deadline passes, and
 *     then the journal's end is part of the complaint.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { ServiceView } from "../../src/loop/index.ts";
import type { Entry, ProcessIdentity, SealedEntry } from "../../src/model/index.ts";
import { ProxyRouter } from "../../src/platform/index.ts";
import { isAlive, openDataDirectory, processIdentity } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { removeControlGroups } from "./control-groups.ts";
import { toySource } from "./fleet-toy.ts";

const main = fileURLToPath(new URL("../../src/daemon/main.ts", import.meta.url));

/** Fast enough for tests, slow enough for a busy machine. */
const quickFleet = {
  fleet: "bench",
  detection: { watch: "600ms", verify_deadline: "6s", correlate: "5s" },
  budgets: { cool_down: "200ms", healthy_run: "30s" },
  defaults: { probes: { interval: "200ms", timeout: "400ms" } },
} as const;

export type FleetText = Readonly<Record<string, unknown>>;
type Of<K extends Entry["kind"]> = Extract<Entry, { kind: K }>;

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export class FleetBench implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "fleet-"));
  readonly data: string = join(this.folder, "data");
  readonly fleetFile: string = join(this.folder, "soulmirror.yaml");
  readonly teardown: AsyncDisposableStack = new AsyncDisposableStack();
  port = 0;
  #daemons: ChildProcess[] = [];
  #proxies: ProcessIdentity[] = [];

  constructor() {
    mkdirSync(join(this.folder, "pids"));
    mkdirSync(join(this.folder, "tmp"));
    writeFileSync(join(this.folder, "toy.mjs"), toySource);
    this.teardown.defer(() => rmSync(this.folder, { recursive: true, force: true }));
    this.teardown.defer(() => this.#endServices());
  }

  /** A bench whose daemon runs and whose services are all healthy. */
  static async up(
    fleet: FleetText | ((bench: FleetBench) => FleetText),
    env: Record<string, string> = {},
  ): Promise<FleetBench> {
    const bench = new FleetBench();
    try {
      bench.declare(typeof fleet === "function" ? fleet(bench) : fleet);
      await bench.start(env);
      await bench.settled();
      return bench;
    } catch (error) {
      await bench[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes the fleet file; JSON is YAML. */
  declare(fleet: FleetText): void {
    writeFileSync(this.fleetFile, JSON.stringify({ ...quickFleet, ...fleet }, undefined, 2));
  }

  /** A service entry for the fleet file that runs the toy under this name. */
  toy(name: string, more: FleetText = {}): FleetText {
    const { env, ...rest } = more;
    return {
      command: [process.execPath, join(this.folder, "toy.mjs")],
      cwd: this.folder,
      env: { NAME: name, ...(env as object | undefined) },
      ...rest,
    };
  }

  /** Sets or clears (undefined) what the toys of that name read at each look. */
  tell(
    name: string,
    what: "health" | "broken" | "hold" | "unready",
    value: string | undefined,
  ): void {
    const path = join(this.folder, `${name}.${what}`);
    if (value === undefined) rmSync(path, { force: true });
    else writeFileSync(path, value);
  }

  /** Starts a daemon and waits until it has noted that it is ready. */
  async start(env: Record<string, string> = {}): Promise<ChildProcess> {
    const daemon = await this.spawnDaemon(env);
    await this.until(() => this.#isReady(daemon), "the daemon is ready");
    return daemon;
  }

  async spawnDaemon(env: Record<string, string> = {}): Promise<ChildProcess> {
    this.port ||= await freePort();
    const words = openSync(join(this.folder, "daemon.out"), "a");
    const daemon = spawn(
      process.execPath,
      [main, "--config", this.fleetFile, "--data", this.data, "--port", String(this.port)],
      {
        env: { ...process.env, TMPDIR: join(this.folder, "tmp"), ...env },
        stdio: ["ignore", words, words],
      },
    );
    closeSync(words);
    this.#daemons.push(daemon);
    return daemon;
  }

  get daemon(): ChildProcess {
    const last = this.#daemons.at(-1);
    if (last === undefined) throw new Error("no daemon was started");
    return last;
  }

  #isReady(daemon: ChildProcess): boolean {
    if (daemon.exitCode !== null || daemon.signalCode !== null) {
      throw new Error(`the daemon ended: ${this.words()}`);
    }
    const note = join(this.data, "run", "daemon.json");
    if (!existsSync(note)) return false;
    const text = readFileSync(note, "utf8");
    return text !== "" && (JSON.parse(text) as { pid: number }).pid === daemon.pid;
  }

  /** Everything that the daemons wrote to their output. */
  words(): string {
    return readFileSync(join(this.folder, "daemon.out"), "utf8");
  }

  daemonLog(): string {
    return readFileSync(join(this.data, "logs", "daemon.log"), "utf8");
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await endChild(this.daemon, signal);
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.ask<T>("GET", path);
    if (answer.status !== 200) {
      throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  post<T = unknown>(path: string, body: FleetText = {}): Promise<Answer<T>> {
    return this.ask<T>("POST", path, { body });
  }

  async ask<T>(
    method: "GET" | "POST",
    path: string,
    options: { readonly body?: FleetText; readonly token?: string | null } = {},
  ): Promise<Answer<T>> {
    const token = options.token === undefined ? this.#token() : options.token;
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(options.body ? { "content-type": "application/json" } : {}),
      },
      ...(options.body ? { body: JSON.stringify(options.body) } : {}),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: answer.status, body: (await answer.json()) as T };
  }

  #token(): string {
    return readFileSync(join(this.data, "token"), "utf8").trim();
  }

  /** The journal from the first entry to the last. */
  async journal(): Promise<readonly SealedEntry[]> {
    const all: SealedEntry[] = [];
    for (;;) {
      const after = all.at(-1)?.position ?? 0;
      const page = await this.get<SealedEntry[]>(`/api/v1/journal?after=${after}&limit=500`);
      all.push(...page);
      if (page.length < 500) return all;
    }
  }

  /** The entries of one kind, oldest first. */
  async entries<K extends Entry["kind"]>(kind: K): Promise<readonly Of<K>[]> {
    const isOne = (entry: Entry): entry is Of<K> => entry.kind === kind;
    return (await this.journal()).map(({ entry }) => entry).filter(isOne);
  }

  async service(name: string): Promise<ServiceView> {
    return await this.get<ServiceView>(`/api/v1/services/${name}`);
  }

  async pidOf(name: string, number = 1): Promise<number> {
    const { instances } = await this.service(name);
    const pid = instances.find((each) => each.number === number)?.pid;
    if (typeof pid !== "number") throw new Error(`${name}.${number} does not run`);
    return pid;
  }

  /** The sorted pids of all instances that run. */
  async pidsOf(name: string): Promise<readonly number[]> {
    const { instances } = await this.service(name);
    return instances.flatMap(({ pid }) => pid ?? []).sort((a, b) => a - b);
  }

  async state(name: string, wanted: ServiceView["state"]): Promise<void> {
    await this.until(async () => (await this.service(name)).state === wanted, `${name} ${wanted}`);
  }

  /** All services are healthy and no incident is live. */
  async settled(): Promise<void> {
    await this.until(async () => {
      const services = await this.get<ServiceView[]>("/api/v1/services");
      const live = await this.get<unknown[]>("/api/v1/incidents?live=true");
      return services.every(({ state }) => state === "healthy") && live.length === 0;
    }, "everything is healthy");
  }

  /** The first entry of a kind that fits; waits for it. */
  async entry<K extends Entry["kind"]>(kind: K, fits: (entry: Of<K>) => boolean): Promise<Of<K>> {
    let found: Of<K> | undefined;
    await this.until(async () => {
      found = (await this.entries(kind)).find(fits);
      return found !== undefined;
    }, `an entry ${kind} with ${fits.toString()}`);
    if (found === undefined) throw new Error("it was there a moment ago");
    return found;
  }

  async until(
    look: () => boolean | Promise<boolean>,
    what: string,
    limitMs = 40_000,
  ): Promise<void> {
    await until(look, { what, limitMs, everyMs: 25, seen: () => this.#story() });
  }

  async #story(): Promise<string> {
    try {
      const entries = await this.journal();
      return entries.slice(-25).map(tell).join("\n");
    } catch (error) {
      return `no journal: ${String(error)}\n${this.words()}`;
    }
  }

  /** Does a process with this pid live? A zombie is dead. */
  lives(pid: number): boolean {
    const identity = processIdentity(pid);
    return identity !== undefined && isAlive(identity);
  }

  /** The sorted pids of all toys that were ever started here and live. */
  living(): readonly number[] {
    return this.#toys()
      .filter(isAlive)
      .map(({ pid }) => pid)
      .sort((a, b) => a - b);
  }

  #toys(): readonly ProcessIdentity[] {
    const folder = join(this.folder, "pids");
    return readdirSync(folder).map(
      (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as ProcessIdentity,
    );
  }

  /** The front proxy of this data directory, if one answers. */
  async proxy(): Promise<ProcessIdentity | undefined> {
    const pid = await new ProxyRouter(this.#proxySocket()).pid();
    const identity = pid === undefined ? undefined : processIdentity(pid);
    if (identity) this.#proxies.push(identity);
    return identity;
  }

  #proxySocket(): string {
    return openDataDirectory(this.data).socket("proxy.sock");
  }

  async #endServices(): Promise<void> {
    for (const daemon of this.#daemons) await endChild(daemon, "SIGTERM");
    if (existsSync(this.data)) await this.proxy();
    for (const identity of [...this.#toys(), ...this.#proxies]) {
      if (isAlive(identity)) process.kill(identity.pid, "SIGKILL");
    }
    if (existsSync(this.data)) await removeControlGroups(openDataDirectory(this.data).run);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.teardown.disposeAsync();
  }
}

function tell({ position, entry }: SealedEntry): string {
  if (entry.kind === "action") {
    const { plan, status } = entry.action;
    return `${position} action ${plan.strategy} ${plan.resource} ${JSON.stringify(status)}`;
  }
  if (entry.kind === "plan") return `${position} plan ${entry.plan.strategy}: ${entry.plan.reason}`;
  if (entry.kind === "incident") {
    const { cause, state, failures, victims } = entry.incident;
    const counts = `${failures.length} failures, ${victims.length} victims`;
    return `${position} incident of ${cause}: ${JSON.stringify(state)}, ${counts}`;
  }
  return `${position} ${JSON.stringify(entry).slice(0, 300)}`;
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
