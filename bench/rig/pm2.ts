/**
 * PM2 as a peer: installed for the bench only, into a temporary folder, with a home of its own
 * there, so that a PM2 of this machine is neither seen nor touched.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench } from "./figure.ts";
import { signalProcess } from "./process-figures.ts";

const run = promisify(execFile);
const version = "7.0.4";
let installed: Promise<string> | undefined;

export interface PeerApp {
  readonly pid: number;
  readonly status: string;
  readonly restarts: number;
}

export class Pm2 {
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(program: string, home: string) {
    this.#program = program;
    this.#env = { ...process.env, PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: "true" };
  }

  static async open(bench: Bench): Promise<Pm2> {
    bench.progress(`installing PM2 ${version}`);
    installed ??= install();
    const home = join(bench.folder, "pm2-home");
    const pm2 = new Pm2(join(await installed, "node_modules", "pm2", "bin", "pm2"), home);
    bench.teardown.defer(() => pm2.#close(join(home, "pm2.pid")));
    return pm2;
  }

  async start(name: string, file: string, options: PeerOptions): Promise<void> {
    const { port, flags = [] } = options;
    const env = { ...this.#env, PORT: String(port) };
    await run(process.execPath, [this.#program, "start", file, "--name", name, ...flags], { env });
  }

  async apps(name: string): Promise<readonly PeerApp[]> {
    const { stdout } = await run(process.execPath, [this.#program, "jlist"], {
      env: this.#env,
      maxBuffer: 64 * 1024 * 1024,
    });
    const list = JSON.parse(stdout.slice(stdout.indexOf("["))) as readonly Listed[];
    return list
      .filter((each) => each.name === name)
      .map(({ pid, pm2_env: { status, restart_time: restarts } }) => ({ pid, status, restarts }));
  }

  /** Its own way first; then its daemon by the pid that it noted. */
  async #close(pidFile: string): Promise<void> {
    await run(process.execPath, [this.#program, "kill"], { env: this.#env }).catch(() => {
      // It was not up: there is nothing to end.
    });
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
    if (pid > 0) signalProcess(pid, "SIGKILL");
  }
}

export interface PeerOptions {
  readonly port: number;
  readonly flags?: readonly string[];
}

interface Listed {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number };
}

async function install(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "soulmirror-pm2-"));
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder];
  await run("npm", ["install", `pm2@${version}`, ...flags], { maxBuffer: 16 * 1024 * 1024 });
  return folder;
}

/** What was installed for all figures together goes at the very end. */
export async function removePm2(): Promise<void> {
  const folder = await installed?.catch(() => undefined);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
