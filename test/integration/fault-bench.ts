/** The example's services as plain processes, without a daemon, for faults to be tried on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../bench/rig/free-ports.ts";
import {
  armUndo,
  type Fault,
  faults,
  type Injection,
  type Scene,
  type StruckSpec,
} from "../../src/chaos/index.ts";
import { createRandom } from "../../src/kernel/index.ts";
import type { ProcessIdentity } from "../../src/model/index.ts";
import { isAlive, processIdentity, realClock } from "../../src/system/index.ts";
import { until } from "../until.ts";

const shopFolder = fileURLToPath(new URL("../../examples/shop/", import.meta.url));

interface ServiceOptions extends Partial<Pick<StruckSpec, "limits" | "hooks">> {
  readonly env?: Record<string, string>;
  readonly port?: number;
  readonly awaits?: boolean;
}

interface Running {
  readonly service: string;
  readonly child: ChildProcess;
  readonly process: ProcessIdentity;
  readonly port: number;
}

export class FaultBench implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "faults-"));
  readonly teardown: AsyncDisposableStack = new AsyncDisposableStack();
  readonly services: Record<string, StruckSpec> = {};
  readonly fleetFile: string = join(this.folder, "soulmirror.yaml");
  daemon: ProcessIdentity | undefined;
  more: Partial<Scene> = {};
  readonly #running: Running[] = [];

  constructor() {
    this.teardown.defer(() => rmSync(this.folder, { recursive: true, force: true }));
    writeFileSync(this.fleetFile, "fleet: bench\n");
  }

  /** Starts `services/FILE` as one more process of `service`, and waits until it listens. */
  async start(service: string, file: string, options: ServiceOptions = {}): Promise<Running> {
    const port = options.port ?? (await freePort());
    const env = { ...options.env, PORT: String(port) };
    this.services[service] ??= {
      cwd: this.folder,
      env,
      limits: options.limits ?? {},
      hooks: options.hooks ?? { commands: {}, webhooks: {}, clean: [], rotate: [] },
    };
    const log = openSync(join(this.folder, `${service}.log`), "a");
    // Every inspector on a port of its own: others on this machine may use the usual one.
    const words = ["--inspect-port=0", join(shopFolder, "services", file)];
    const child = spawn(process.execPath, words, {
      env: { ...process.env, ...env },
      cwd: this.folder,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.teardown.defer(() => endChild(child));
    const identity = processIdentity(child.pid ?? 0);
    if (identity === undefined) throw new Error(`${file} did not start`);
    const running = { service, child, process: identity, port };
    this.#running.push(running);
    const isUp = async (): Promise<boolean> => (await this.health(port)) !== undefined;
    const seen = (): string => readFileSync(join(this.folder, `${service}.log`), "utf8");
    if (options.awaits !== false) await until(isUp, { what: `${file} answers`, seen });
    return running;
  }

  /** The status of `/health` over a fresh connection; undefined without an answer in 0.5 s. */
  health(port: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const where = { port, host: "127.0.0.1", path: "/health" };
      const asked = request({ ...where, agent: false, signal: AbortSignal.timeout(500) });
      asked.once("response", (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on("error", () => resolve(undefined)).end();
    });
  }

  get scene(): Scene {
    const random = createRandom(7);
    return {
      fleet: { services: this.services },
      fleetFile: this.fleetFile,
      dataDirectory: this.folder,
      directory: shopFolder,
      clock: realClock,
      random,
      processes: async (service) =>
        this.#running
          .filter((one) => one.service === service && isAlive(one.process))
          .map(({ process, port }, index) => ({
            instance: `${service}.${index + 1}`,
            process,
            port,
          })),
      frontPort: (service) => this.#running.find((one) => one.service === service)?.port ?? 0,
      daemon: () => {
        if (this.daemon === undefined) throw new Error("this bench has no daemon");
        return this.daemon;
      },
      daemonStart: {
        command: ["true"],
        cwd: this.folder,
        logPath: join(this.folder, "daemon.log"),
      },
      startDaemon: async () => void this.startDaemon(),
      arm: armUndo,
      ...this.more,
    };
  }

  /** A process that stands for the daemon: it is there, and can be killed and stopped. */
  startDaemon(): ProcessIdentity {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
      stdio: "ignore",
    });
    this.teardown.defer(() => endChild(child));
    const identity = processIdentity(child.pid ?? 0);
    if (identity === undefined) throw new Error("it did not start");
    this.daemon = identity;
    return identity;
  }

  /** Injects; the fault is taken away at the end of the test, whatever happens. */
  async inject(fault: Fault): Promise<Injection> {
    const injection = await fault.inject(this.scene);
    this.teardown.defer(() => injection.undo());
    return injection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.teardown.disposeAsync();
  }
}

export function faultNamed(id: string): Fault {
  const found = faults.find((fault) => fault.id === id);
  if (found === undefined) throw new Error(`no fault ${id}`);
  return found;
}

/** Does the kernel accept a connection there within half a second? */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const settle = (answer: boolean): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer);
    };
    const late = setTimeout(() => settle(false), 500);
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
