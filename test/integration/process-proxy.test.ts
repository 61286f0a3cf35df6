/** Replacing a process beside the old one, with requests going through the real proxy. */
import { spawn } from "node:child_process";
import { get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { StepResult } from "../../src/model/index.ts";
import { ProxyRouter, proxyArguments } from "../../src/platform/proxy/index.ts";
import { until } from "../until.ts";
import { instance, ProcessBench } from "./process-bench.ts";

const server = `require("node:http").createServer((request, response) => {
  if (request.url === "/slow") return setTimeout(() => response.end("slow"), 400);
  response.end(process.env.RELEASE);
}).listen(process.env.PORT, "127.0.0.1", () => console.log("up"));`;

test("a process is replaced beside the old one and no request fails", async () => {
  await using bench = await benchWithProxy();
  const { listen } = bench;
  const health = { kind: "http", parameters: { path: "/health" }, intervalMs: 50, timeoutMs: 500 };
  const common = { listen, startup: { ...health, down: 2, of: 3, up: 1 } };
  await bench.start(server, { ...common, env: { RELEASE: "one" } });
  expect(await bench.run("ready")).toMatchObject({ kind: "done" });
  expect(await ask(listen.port)).toBe("one");

  const load = underLoad(listen.port);
  const slow = ask(listen.port, "/slow");
  const specHash = bench.spec(server, { ...common, env: { RELEASE: "two" } });
  expect(await bench.run("start", { specHash, beside: true })).toMatchObject({ kind: "done" });
  expect(bench.target.processes().map(({ role }) => role)).toEqual(["previous", "current"]);
  expect(await bench.run("ready")).toMatchObject({ kind: "done" });
  const drained = await bench.run("drain", { which: "previous", drainMs: 5000 });
  expect(drained).toMatchObject({
    detail: expect.stringContaining("no request in flight") as string,
  });
  expect(await slow).toBe("slow");
  expect(await ask(listen.port)).toBe("two");
  expect(await bench.run("stop", { which: "previous" })).toMatchObject({ kind: "done" });
  const answers = await load();
  expect(new Set(answers)).toEqual(new Set(["one", "two"]));
  expect(bench.readings("exited")).toMatchObject([{ expected: true }]);
  expect(bench.target.processes()).toMatchObject([{ role: "current" }]);
});

test("a replacement that fails is taken back, and the old process serves on", async () => {
  await using bench = await benchWithProxy();
  const { listen } = bench;
  await bench.start(server, { listen, env: { RELEASE: "one" } });
  await bench.run("ready");
  const [old] = bench.target.processes();
  const load = underLoad(listen.port);
  const broken = bench.spec(`console.log("cannot"); setInterval(() => {}, 1000)`, { listen });
  const start = await bench.run("start", { specHash: broken, beside: true });
  const drain = await bench.run("drain", { which: "previous", drainMs: 100 });
  expect(await bench.undo("drain", { undo: undoOf(drain) })).toMatchObject({ kind: "done" });
  expect(await bench.undo("start", { undo: undoOf(start) })).toMatchObject({ kind: "done" });
  expect(bench.target.processes()).toMatchObject([{ process: old?.process, role: "current" }]);
  // Who watches the instance is told to look at the old process again.
  expect(bench.readings("started").at(-1)).toMatchObject({ process: old?.process });
  expect(await ask(listen.port)).toBe("one");
  expect(new Set(await load())).toEqual(new Set(["one"]));
});

test("an ejected instance gets no requests until it is brought back", async () => {
  await using bench = await benchWithProxy();
  const { listen } = bench;
  await bench.start(server, { listen, env: { RELEASE: "one" } });
  await bench.run("ready");
  const ejected = await bench.run("eject");
  const waiting = ask(listen.port);
  const [report] = await bench.router.reports();
  expect(report?.upstreams).toMatchObject([{ state: "ejected" }]);
  await bench.undo("eject", { undo: undoOf(ejected) });
  expect(await waiting).toBe("one");
});

test("an instance is ejected gently: what is under way there ends well, and never the last one", async () => {
  await using bench = await benchWithProxy();
  const { listen } = bench;
  await bench.start(server, { listen, env: { RELEASE: "one" } });
  await bench.run("ready");
  const gently = { gently: true };
  expect(await bench.run("eject", gently)).toMatchObject({
    kind: "refused",
    reason: "it is the last one in rotation",
  });
  const slow = ask(listen.port, "/slow");
  await until(async () => (await bench.router.reports())[0]?.upstreams[0]?.inFlight === 1);
  const other = { resource: "instance/shop.2" } as const;
  await bench.run("start", { specHash: "spec-0" }, other);
  await bench.run("ready", {}, other);
  expect(await bench.run("eject", gently)).toMatchObject({ kind: "done" });
  expect(await slow).toBe("slow");
  const states = async () => (await bench.router.reports())[0]?.upstreams.map(({ state }) => state);
  expect(await states()).toEqual(["draining", "serving"]);
  expect(await bench.run("readmit")).toMatchObject({ kind: "done" });
  await until(async () => (await states())?.join() === "serving,serving");
});

test("a dead instance leaves the route, and no request fails", async () => {
  await using bench = await benchWithProxy();
  const { listen } = bench;
  await bench.start(server, { listen, env: { RELEASE: "one" } });
  await bench.run("start", { specHash: "spec-0" }, { resource: "instance/shop.2" });
  await bench.run("ready", {}, { resource: "instance/shop.2" });
  const load = underLoad(listen.port);
  const [first] = bench.target.processes();
  process.kill(first?.process.pid ?? 0, "SIGKILL");
  await bench.awaitReading("exited");
  await until(async () => (await bench.router.reports())[0]?.upstreams.length === 1);
  expect(new Set(await load())).toEqual(new Set(["one"]));
  expect(first?.resource).toBe(instance);
});

test("a new daemon adopts an instance behind the proxy, and no request fails", async () => {
  await using bench = await benchWithProxy();
  const { listen, router } = bench;
  await bench.start(server, { listen, env: { RELEASE: "one" } });
  await bench.run("ready");
  const load = underLoad(listen.port);
  await bench.target.close();
  const next = bench.successor({ router });
  expect(await next.adopt([])).toMatchObject([{ reading: { kind: "started", adopted: true } }]);
  expect(next.processes()).toEqual(bench.target.processes());
  const [report] = await router.reports();
  expect(report?.upstreams).toMatchObject([{ state: "serving", failed: 0 }]);
  expect(new Set(await load())).toEqual(new Set(["one"]));

  // A proxy that has lost everything is told again.
  await router.remove("shop");
  await next.declareRoutes();
  await until(async () => (await router.reports())[0]?.upstreams[0]?.state === "serving");
  expect(await ask(listen.port)).toBe("one");
});

test("a front port that a stranger holds is named while waiting for readiness", async () => {
  await using bench = await benchWithProxy();
  const { listen } = bench;
  const stranger = createServer();
  bench.stack.defer(() => void stranger.close());
  await new Promise<void>((resolve) => void stranger.listen(listen, resolve));
  await bench.start(server, { listen, env: { RELEASE: "one" } });
  const waiting = await bench.run("ready", {}, { deadlineMs: 500 });
  const reason = waiting.kind === "failed" ? waiting.reason : "";
  expect(reason).toContain(`EADDRINUSE, port ${listen.port} is held by pid ${process.pid} (`);
});

interface ProxyBench extends ProcessBench {
  readonly router: ProxyRouter;
  readonly listen: { readonly host: string; readonly port: number };
}

async function benchWithProxy(): Promise<ProxyBench> {
  // Its own socket needs a folder before there is a bench: the bench of a bench.
  const outer = new ProcessBench();
  const socketPath = join(outer.folder, "p.sock");
  const words = proxyArguments({ socketPath, logPath: join(outer.folder, "p.log") });
  const proxy = spawn(process.execPath, words, { stdio: "ignore" });
  outer.stack.defer(() => void proxy.kill("SIGKILL"));
  const router = new ProxyRouter(socketPath);
  await until(async () => (await router.pid()) === proxy.pid);
  const bench = new ProcessBench({ router });
  const listen = { host: "127.0.0.1", port: await freePort() };
  const end = bench[Symbol.asyncDispose].bind(bench);
  return Object.assign(bench, {
    router,
    listen,
    // The services end before the proxy does.
    [Symbol.asyncDispose]: async () => {
      await end();
      await outer[Symbol.asyncDispose]();
    },
  });
}

function undoOf(result: StepResult) {
  return { undo: result.kind === "done" ? result.undo : undefined }.undo;
}

function ask(port: number, path = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode}`)),
      );
    }).on("error", reject);
  });
}

/** Asks one request after another, on four lines at once, until it is told to stop. */
function underLoad(port: number): () => Promise<readonly string[]> {
  const over = new AbortController();
  const line = async (): Promise<string[]> => {
    const answers: string[] = [];
    while (!over.signal.aborted) answers.push(await ask(port));
    return answers;
  };
  const lines = [line(), line(), line(), line()];
  return async () => {
    over.abort();
    return (await Promise.all(lines)).flat();
  };
}
