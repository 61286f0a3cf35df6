/** The proxy process: what passes through it, how it is driven, how it starts and ends. */
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { ProxyRouter, proxyArguments } from "../../src/platform/proxy/index.ts";
import { LogFile } from "../../src/platform/proxy/log.ts";
import { until } from "../until.ts";
import { Bench, call, up } from "./proxy-bench.ts";

describe("the protocol", () => {
  test("heads, bodies and trailers pass; what belongs to one hop does not", async () => {
    await using bench = await Bench.start();
    await bench.route([up("a", await bench.instance(), "serve")]);
    const headers = {
      Connection: "X-Secret, close",
      "X-Secret": "1",
      "X-Kept": "2",
      TE: "trailers",
      "X-Forwarded-For": "192.0.2.7",
    };
    const seen = JSON.parse((await bench.get("/a?b=c", { headers })).text) as {
      headers: Record<string, string>;
    };
    expect(seen).toMatchObject({ url: "/a?b=c", headers: { "x-kept": "2" } });
    expect(seen.headers["x-forwarded-for"]).toBe("192.0.2.7, 127.0.0.1");
    expect(seen.headers["x-forwarded-proto"]).toBe("http");
    expect(seen.headers["x-forwarded-host"]).toBe(`127.0.0.1:${bench.port}`);
    expect(seen.headers).not.toHaveProperty("x-secret");
    expect(seen.headers).not.toHaveProperty("te");

    const trailer = await bench.get("/trailer");
    expect(trailer).toMatchObject({ text: "body", trailers: { "x-sum": "4" } });
    const big = await bench.get("/big?sizeBytes=5000000");
    expect(big.text).toHaveLength(5_000_000);
    const head = await call({ port: bench.port, path: "/big?sizeBytes=77", method: "HEAD" });
    expect(head).toMatchObject({ status: 200, text: "", headers: { "content-length": "77" } });
    for (const sizeBytes of [0, 1000, 300_000]) {
      for (const extra of [{}, { "Transfer-Encoding": "chunked" }, { Expect: "100-continue" }]) {
        const body = Buffer.alloc(sizeBytes, "b");
        const reply = await bench.post("/echo", { body, headers: extra });
        expect(JSON.parse(reply.text)).toMatchObject({ method: "POST", sizeBytes });
      }
    }
  });

  test("two lengths in one request are refused", async () => {
    await using bench = await Bench.start();
    await bench.route([up("a", await bench.instance(), "serve")]);
    const smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    const reply = await raw(
      bench.port,
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${smuggled}`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
    expect((await bench.report()).requests).toBe(0);
  });

  test("a request that names two hosts is refused, an upgrade as well", async () => {
    await using bench = await Bench.start();
    await bench.route([up("a", await bench.instance(), "serve")]);
    for (const rest of ["Connection: close", "Connection: Upgrade\r\nUpgrade: echo"]) {
      const text = `GET /e HTTP/1.1\r\nHost: a\r\nHost: b\r\n${rest}\r\n\r\n`;
      expect(await raw(bench.port, text)).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect((await bench.report()).upstreams[0]).toMatchObject({ served: 0, inFlight: 0 });
  });

  test("of an address that is asked for, only the path goes on, at an upgrade as well", async () => {
    await using bench = await Bench.start();
    await using stack = new AsyncDisposableStack();
    const targets: unknown[] = [];
    const server = createHttpServer();
    server.on("upgrade", ({ url }, socket) => {
      targets.push(url);
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: e\r\n\r\n");
    });
    stack.defer(() => void server.close());
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await bench.route([up("a", { port }, "serve")]);
    const head = "GET http://other.example/e?q HTTP/1.1\r\nHost: a\r\n";
    const text = `${head}Connection: Upgrade\r\nUpgrade: e\r\n\r\n`;
    expect(await raw(bench.port, text)).toMatch(/^HTTP\/1\.1 101 /);
    expect(targets).toEqual(["/e?q"]);
  });

  test("an upgraded connection is passed through and counts as in flight", async () => {
    await using bench = await Bench.start();
    const instance = await bench.instance();
    await bench.route([up("a", instance, "serve")]);
    await using stack = new AsyncDisposableStack();
    const socket = connect(bench.port, "127.0.0.1");
    stack.defer(() => void socket.destroy());
    socket.write("GET /e HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    expect(await read(socket, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
    socket.write("hello");
    expect(await read(socket, "hello")).toBe("hello");
    expect(await bench.router.drained("shop", "a", 20)).toBe(1);
    socket.end();
    expect(await bench.router.drained("shop", "a", 10_000)).toBe(0);
    const offered = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c" };
    expect((await bench.get("/work", { headers: offered })).status).toBe(200);
  });
});

describe("the process", () => {
  test("a port that is taken is reported, and listened on when it is free", async () => {
    await using bench = await Bench.start();
    await using stack = new AsyncDisposableStack();
    const holder = createServer();
    stack.defer(() => void holder.close());
    await new Promise<void>((resolve) => holder.listen(bench.port, "127.0.0.1", resolve));
    const route = { service: "shop", host: "127.0.0.1", port: bench.port, upstreams: [] };
    const report = await bench.router.route({ ...route, holdMs: 0, timeoutMs: 100, repeats: true });
    expect(report).toMatchObject({ listening: false, listenError: "EADDRINUSE" });
    await new Promise((resolve) => holder.close(resolve));
    await until(async () => (await bench.report()).listening);
    expect(await bench.report()).not.toHaveProperty("listenError");
    expect((await bench.get("/")).status).toBe(503);
  });

  test("the control socket is its owner's alone, and refuses what is no route", async () => {
    await using bench = await Bench.start();
    expect(statSync(join(bench.folder, "p.sock")).mode & 0o777).toBe(0o600);
    const route = { service: "shop", host: "127.0.0.1", port: 70_000, upstreams: [] };
    const bad = bench.router.route({ ...route, holdMs: 0, timeoutMs: 100, repeats: true });
    await expect(bad).rejects.toThrow("port: a number from 1 to 65535");
    expect(() => new ProxyRouter(`/tmp/${"x".repeat(120)}`)).toThrow("shorter data directory");
    const paths = { socketPath: `/tmp/${"x".repeat(120)}`, logPath: join(bench.folder, "o.log") };
    expect(await failure(paths)).toMatch(/exit 2: .*shorter data directory/);
    const taken = { ...paths, socketPath: join(bench.folder, "p.sock") };
    expect(await failure(taken)).toMatch(/exit 2: .*already answers/);
  });

  test("it ignores a hang-up and stops only when the last answer is given", async () => {
    await using bench = await Bench.start();
    await bench.route([up("a", await bench.instance(), "serve")]);
    bench.proxy.kill("SIGHUP");
    const slow = bench.get("/work?waitMs=300");
    await until(async () => (await bench.report()).upstreams[0]?.inFlight === 1);
    // One that is still sending when the end is announced.
    const sending = connect(bench.port, "127.0.0.1");
    const answer = new Promise<string>((resolve) =>
      sending.once("data", (it) => resolve(String(it))),
    );
    sending.write("POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1");
    await until(async () => (await bench.report()).requests === 2);
    const exited = new Promise((resolve) => bench.proxy.once("exit", resolve));
    await bench.router.stop(10_000);
    expect((await slow).status).toBe(200);
    sending.write("2");
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await exited).toBe(0);
    const events = readFileSync(join(bench.folder, "p.log"), "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(new Set(events)).toEqual(
      new Set(["started", "listening", "upstream-up", "ignored", "stopping", "stopped"]),
    );
  });
});

describe("on its own", () => {
  test("it outlives a starter that is killed, and keeps its routes", async () => {
    await using bench = await Bench.start();
    const instance = await bench.instance();
    const paths = {
      socketPath: join(bench.folder, "q.sock"),
      logPath: join(bench.folder, "q.log"),
    };
    const door = new URL("../../src/platform/proxy/index.ts", import.meta.url).href;
    const script = `import { startProxy } from ${JSON.stringify(door)};
      console.log(startProxy(${JSON.stringify(paths)})); setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    bench.stack.defer(() => void starter.kill("SIGKILL"));
    const pid = await new Promise<number>((resolve) =>
      starter.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString()))),
    );
    const router = new ProxyRouter(paths.socketPath);
    bench.stack.defer(() => router.stop(0));
    await until(async () => (await router.pid()) === pid);
    const address = { service: "shop", host: "127.0.0.1", port: bench.port };
    const upstreams = [up("a", instance)];
    await router.route({ ...address, upstreams, holdMs: 10_000, timeoutMs: 10_000, repeats: true });
    const exited = new Promise((resolve) => starter.once("exit", resolve));
    starter.kill("SIGKILL");
    await exited;
    expect((await bench.get("/work")).status).toBe(200);
    expect(await router.pid()).toBe(pid);
    expect(await router.reports()).toMatchObject([{ service: "shop", requests: 1 }]);
  });

  test("its log is two files of at most 1 MiB, and a burst is cut with a count", async () => {
    await using bench = await Bench.start();
    const path = join(bench.folder, "r.log");
    let atMs = Date.UTC(2026, 0, 1);
    const log = new LogFile(path, { now: () => ({ wallMs: atMs, monotonicMs: 0 }) });
    for (let line = 0; line < 3000; line += 1) {
      log.write("filler", { text: "x".repeat(1000) });
      atMs += 100;
    }
    const sizes = [statSync(path).size, statSync(`${path}.1`).size];
    for (const sizeBytes of sizes) expect(sizeBytes).toBeLessThanOrEqual(1024 * 1024);
    atMs += 1000;
    for (let line = 0; line < 250; line += 1) log.write("burst");
    atMs += 1000;
    log.write("after");
    const lines = readFileSync(path, "utf8").trim().split("\n");
    expect(lines.filter((line) => line.includes('"burst"'))).toHaveLength(100);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ event: "after", omitted: 150 });
  });
});

async function failure(paths: { socketPath: string; logPath: string }): Promise<string> {
  const stdio = ["ignore", "ignore", "pipe"] as const;
  const child = spawn(process.execPath, proxyArguments(paths), { stdio: [...stdio] });
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return `exit ${String(code)}: ${text}`;
}

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
    socket.write(text);
  });
}

function read(socket: Socket, ending: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      if (!text.endsWith(ending)) return;
      socket.off("data", onData);
      resolve(text);
    };
    socket.on("data", onData);
  });
}
