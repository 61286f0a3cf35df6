/** What the proxy tests share: a proxy process of their own, instances, clients and a ledger. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { Route, Upstream } from "../../src/model/index.ts";
import { ProxyRouter, proxyArguments } from "../../src/platform/proxy/index.ts";
import { until } from "../until.ts";

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage["headers"];
  readonly trailers: IncomingMessage["trailers"];
}

export interface Instance extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => boolean;
  readonly exited: Promise<unknown>;
}

/** A proxy process with its router, a ledger, and everything that must be released again. */
export class Bench implements AsyncDisposable {
  readonly stack: AsyncDisposableStack = new AsyncDisposableStack();
  readonly folder: string;
  readonly ledger: string;
  readonly router: ProxyRouter;
  readonly proxy: ChildProcess;
  port = 0;
  upstreams: Upstream[] = [];
  holdMs = 10_000;
  timeoutMs = 10_000;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "proxy-"));
    this.stack.defer(() => rmSync(this.folder, { recursive: true }));
    this.ledger = join(this.folder, "ledger");
    writeFileSync(this.ledger, "");
    const paths = { socketPath: join(this.folder, "p.sock"), logPath: join(this.folder, "p.log") };
    this.proxy = spawn(process.execPath, proxyArguments(paths), { stdio: "ignore" });
    this.stack.defer(() => end(this.proxy));
    this.router = new ProxyRouter(paths.socketPath);
  }

  static async start(): Promise<Bench> {
    const bench = new Bench();
    await until(async () => (await bench.router.pid()) === bench.proxy.pid);
    bench.port = await freePort();
    return bench;
  }

  async instance(port = 0): Promise<Instance> {
    return this.stack.use(await startInstance([String(port), this.ledger]));
  }

  /** Stopped, and its queue is full: a connection to it never comes up. */
  async deaf(): Promise<Instance> {
    const instance = this.stack.use(await startInstance(["0", this.ledger, "1"]));
    instance.kill("SIGSTOP");
    let queued = 0;
    for (let index = 0; index < 4; index += 1) {
      const socket = connect(instance.port, "127.0.0.1", () => (queued += 1));
      socket.on("error", () => socket.destroy());
      this.stack.defer(() => void socket.destroy());
    }
    await until(() => queued === 2);
    return instance;
  }

  async route(upstreams: Upstream[], rest: Partial<Route> = {}): Promise<void> {
    this.upstreams = upstreams;
    const { port, holdMs, timeoutMs } = this;
    const route = { service: "shop", host: "127.0.0.1", port, upstreams, holdMs, timeoutMs };
    const report = await this.router.route({ ...route, repeats: true, ...rest });
    expect(report).toMatchObject({ listening: true });
  }

  get(path: string, options: RequestOptions = {}): Promise<Reply> {
    return call({ ...options, port: this.port, path });
  }

  post(path: string, options: RequestOptions & { body?: Buffer } = {}): Promise<Reply> {
    return call({ ...options, port: this.port, path, method: "POST" });
  }

  async report() {
    const report = (await this.router.reports())[0];
    if (report === undefined) throw new Error("there is no route");
    return report;
  }

  async serving(...ids: string[]): Promise<void> {
    await until(async () => {
      const { upstreams } = await this.report();
      return ids.every((id) => upstreams.some((one) => one.id === id && one.state === "serving"));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

async function startInstance(words: readonly string[]): Promise<Instance> {
  const file = join(import.meta.dirname, "proxy-upstream.ts");
  const child = spawn(process.execPath, [file, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const line = await new Promise<string>((resolve) =>
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())),
  );
  return {
    port: Number(line),
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    exited,
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

export function call(options: RequestOptions & { body?: Buffer }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", agent: false, ...options });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0, headers, trailers } = incoming;
        resolve({ status, text, headers, trailers });
      });
    });
    outgoing.end(options.body);
  });
}

/** Clients with one kept connection each, asking all the time; every failure is written down. */
export class Load implements AsyncDisposable {
  answered = 0;
  readonly failures: string[] = [];
  private stopped = false;
  private readonly clients: Promise<void>[] = [];

  constructor(bench: Bench, options: { clients: number; posting: number }) {
    for (let client = 0; client < options.clients; client += 1) {
      const method = client < options.posting ? "POST" : "GET";
      this.clients.push(this.ask(bench.port, method));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
  }

  async more(count: number): Promise<void> {
    const goal = this.answered + count;
    await until(() => this.answered >= goal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async ask(port: number, method: string): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.stopped) {
      try {
        const reply = await call({ port, method, path: "/work?waitMs=2", agent });
        if (reply.status !== 200) this.failures.push(`${method} ${reply.status} ${reply.text}`);
      } catch (error) {
        this.failures.push(`${method} ${String(error)}`);
      }
      this.answered += 1;
    }
    agent.destroy();
  }
}

export function up(
  id: string,
  { port }: { port: number },
  state: Upstream["state"] = "join",
): Upstream {
  return { id, port, state };
}
