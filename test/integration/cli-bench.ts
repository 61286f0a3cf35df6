/** A folder of its own with the real command line, and everything ended that came of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../bench/rig/free-ports.ts";
import { releaseEmergencyFile } from "../../src/platform/index.ts";
import { commandLine, listProcesses, ownSparePaths } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { removeControlGroups } from "./control-groups.ts";

const program = fileURLToPath(new URL("../../bin/soulmirror.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface StartOptions {
  readonly command?: readonly string[];
  readonly folder?: string;
  /** Over what all of them are given. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class CliBench implements AsyncDisposable {
  readonly folder: string;
  /** Released when nothing runs any more, before the folder goes. */
  readonly teardown: AsyncDisposableStack = new AsyncDisposableStack();
  readonly #children: ChildProcess[] = [];

  static async open(): Promise<CliBench> {
    return new CliBench(await mkdtemp(join(tmpdir(), "cli-")));
  }

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(this.temporary);
  }

  /** Where programs put what is to outlive them: it goes with the bench, whoever was killed. */
  get temporary(): string {
    return join(this.folder, "tmp");
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  async write(name: string, text: string): Promise<string> {
    const path = this.path(name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /** Starts the command line in the folder, or another command with it. */
  start(args: readonly string[], options: StartOptions = {}): Running {
    const [file = "", ...first] = options.command ?? [process.execPath, program];
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const usual = { PATH, HOME, NODE_COMPILE_CACHE, TERM: "xterm", LANG: "C.UTF-8" };
    const child = spawn(file, [...first, ...args], {
      cwd: options.folder ?? this.folder,
      env: { ...usual, TMPDIR: this.temporary, ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#children.push(child);
    return new Running(child);
  }

  async run(...args: readonly string[]): Promise<Ended> {
    return await this.start(args).ended;
  }

  /** Must succeed; the JSON that it says. */
  async json(...args: readonly string[]): Promise<unknown> {
    const { code, out, err } = await this.run(...args, "--json");
    if (code !== 0) throw new Error(`${args.join(" ")}: ${code}: ${err}`);
    return JSON.parse(out);
  }

  /** In a terminal of its own. */
  startInTerminal(...args: readonly string[]): Running {
    const words = [process.execPath, program, ...args].join(" ");
    return this.start(["-qefc", words, "/dev/null"], { command: ["script"] });
  }

  /** Two services, one of them with two instances behind the proxy. */
  async writeFleet(): Promise<void> {
    await this.write("web.mjs", webService);
    const [api = 0, base = 0, web = 0] = await freePorts(3);
    await this.write(
      "soulmirror.yaml",
      `fleet: small
api: ${api}
detection: { watch: 500ms }
services:
  base:
    command: [${process.execPath}, web.mjs]
    env: { PORT: "${base}" }
    health_check: { http: "http://127.0.0.1:${base}/", interval: 200ms }
  web:
    command: [${process.execPath}, web.mjs]
    listen: ${web}
    instances: 2
    depends_on: [base]
    health_check: /
`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    // All that was started here, and only that, names the folder or runs from a note in it.
    const noted = await this.#notedPids();
    for (const { pid } of listProcesses()) {
      if (noted.has(pid) || commandLine(pid).includes(this.folder)) kill(pid);
    }
    await pause(50);
    await removeControlGroups(this.path(".soulmirror", "run"));
    // Only where that is ours: in a user namespace the folder of user 0 is that of another one.
    const spares = ownSparePaths(this.path(".soulmirror"), "journal");
    for (const path of spares) releaseEmergencyFile(path);
    await this.teardown.disposeAsync();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #notedPids(): Promise<ReadonlySet<number>> {
    const run = this.path(".soulmirror", "run");
    const names = await readdir(run).catch(() => []);
    const texts = await Promise.all(
      names
        .filter((name) => name.endsWith(".json"))
        .map((name) => readFile(join(run, name), "utf8")),
    );
    const identities = texts.flatMap((text) => [
      ...text.matchAll(/"pid":(\d+),"startTicks":(\d+)/g),
    ]);
    const living = new Map(listProcesses().map(({ pid, startTicks }) => [pid, startTicks]));
    return new Set(
      identities
        .filter(([, pid, ticks]) => living.get(Number(pid)) === Number(ticks))
        .map(([, pid]) => Number(pid)),
    );
  }
}

export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #out = "";
  #err = "";

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on("data", (chunk: Buffer) => (this.#out += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (this.#err += chunk.toString()));
    this.ended = once(child, "close").then(() => {
      return { code: child.exitCode, out: this.#out, err: this.#err };
    });
  }

  get said(): string {
    return this.#out + this.#err;
  }

  /** Until it has said that; rejects when it ends before. */
  async says(pattern: RegExp): Promise<void> {
    await this.until(() => pattern.test(this.said), `it says ${String(pattern)}`);
  }

  /** Until that holds; rejects when it ends before, as nothing will come of it any more. */
  async until(holds: () => boolean, what: string, limitMs?: number): Promise<void> {
    const isOver = (): boolean => this.child.exitCode !== null || this.child.signalCode !== null;
    const seen = (): string => `it ${isOver() ? "ended" : "runs"} and said: ${this.said}`;
    await until(() => holds() || isOver(), { what, limitMs, seen });
    // It may have said its last word while it ended.
    if (!holds()) throw new Error(`never: ${what}; ${seen()}`);
  }
}

const webService = `
import { createServer } from "node:http";
createServer((_, answer) => answer.end("well")).listen(Number(process.env.PORT), "127.0.0.1", () =>
  console.log("listening"));
process.on("SIGTERM", () => process.exit(0));
`;

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
