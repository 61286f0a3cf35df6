/** What an engine makes of a daemon that talks nonsense, goes away, or never answers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEngine, type InfrastructureReliabilityEngine } from "../../src/engine/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

let folder: string;
let server: Server;
let stream: ServerResponse | undefined;
let connections = 0;
let said: unknown[] = [];
let engine: InfrastructureReliabilityEngine | undefined;

beforeEach(async () => {
  folder = temporaryFolder("control");
  stream = undefined;
  connections = 0;
  said = [];
  server = createServer((request, response) => {
    if (!request.url?.startsWith("/api/v1/engine/control")) {
      request.resume();
      response.end("{}");
      return;
    }
    if (request.method === "POST") {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        said.push(JSON.parse(text));
        response.end("{}");
      });
      return;
    }
    connections += 1;
    stream = response;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("SOULMIRROR_ENDPOINT", `http://127.0.0.1:${port}`);
  vi.stubEnv("SOULMIRROR_TOKEN", "shop.token");
  vi.stubEnv("SOULMIRROR_STATE", join(folder, "state"));
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
  server.closeAllConnections();
  server.close();
  vi.unstubAllEnvs();
});

function start() {
  const made = createEngine({ service: "shop" });
  engine = made;
  const told: string[] = [];
  made.on("state", ({ subject, message }) => {
    if (subject === "control") told.push(message);
  });
  const pay = made.wrap("pay", { charge: async () => "paid" });
  return { made, told, pay };
}

function send(message: unknown): void {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  stream?.write(`data: ${text}\n\n`);
}

const soon = { timeout: 15_000, interval: 20 };
const wish = { kind: "wish", version: 4, mode: "monitor", isolated: { "pay.charge": "twice" } };

test("nonsense changes nothing, is told, and what makes sense still counts (D1)", async () => {
  const { made, told, pay } = start();
  await vi.waitFor(() => expect(stream).toBeDefined(), soon);
  send(wish);
  await vi.waitFor(() => expect(said.at(-1)).toMatchObject({ version: 4 }), soon);
  for (const nonsense of [
    "{",
    { ...wish, version: 5, mode: "wide open" },
    { ...wish, version: 6, isolated: { "pay.charge": 7 } },
    { kind: "run", command: "rm" },
  ]) {
    const before = told.length;
    send(nonsense);
    await vi.waitFor(() => expect(told.length).toBe(before + 1), soon);
    expect(told.at(-1)).toContain("the daemon says what cannot be understood");
    expect([made.mode, made.operation("pay.charge")?.breaker]).toEqual(["monitor", undefined]);
  }
  send({ ...wish, version: 7, mode: null });
  await vi.waitFor(() => expect(said.at(-1)).toMatchObject({ version: 7, mode: "full" }), soon);
  // It was isolated before it was ever called (D2).
  await expect(pay.charge()).rejects.toThrow("the call was not made");
  expect(made.operation("pay.charge")?.breaker).toBe("isolated");
  send({ ...wish, version: 8, mode: null, isolated: {} });
  await vi.waitFor(() => expect(made.operation("pay.charge")?.breaker).toBe("closed"), soon);
  expect(await pay.charge()).toBe("paid");
});

test("a mode that is wider than the engine's own widens nothing (D3)", async () => {
  vi.stubEnv("SOULMIRROR_MODE", "shadow");
  const { made } = start();
  await vi.waitFor(() => expect(stream).toBeDefined(), soon);
  send({ ...wish, mode: "full", isolated: {} });
  await vi.waitFor(() => expect(said.at(-1)).toMatchObject({ version: 4, mode: "shadow" }), soon);
  expect(made.mode).toBe("shadow");
});

test("an isolation in code stays when the daemon takes its own back (D3)", async () => {
  const { made, pay } = start();
  expect(await pay.charge()).toBe("paid");
  const release = made.isolate("pay.charge", "the books are closed");
  await vi.waitFor(() => expect(stream).toBeDefined(), soon);
  send({ ...wish, mode: null });
  send({ ...wish, version: 5, mode: null, isolated: {} });
  await vi.waitFor(() => expect(said.at(-1)).toMatchObject({ version: 5 }), soon);
  await expect(pay.charge()).rejects.toThrow("the call was not made");
  release();
  expect(await pay.charge()).toBe("paid");
});

test("a message without end is given up, and the connection made again", async () => {
  const { told } = start();
  await vi.waitFor(() => expect(stream).toBeDefined(), soon);
  stream?.write(`data: ${"x".repeat(300_000)}`);
  await vi.waitFor(() => expect(connections).toBe(2), soon);
  expect(told[0]).toMatch(/the daemon is away \(a message is longer than .+\): what it said last/);
});

test("what it was told last lies in a file, which damaged stops nothing (F2)", async () => {
  const first = start();
  await vi.waitFor(() => expect(stream).toBeDefined(), soon);
  send({ ...wish, isolated: {} });
  await vi.waitFor(() => expect(first.made.mode).toBe("monitor"), soon);
  await first.made.close();
  server.closeAllConnections();
  server.close();
  const second = start();
  expect(second.made.mode).toBe("monitor");
  await second.made.close();
  const state = join(folder, "state");
  const [name = ""] = readdirSync(state);
  writeFileSync(join(state, name), "half a wi");
  const { made, pay } = start();
  expect(made.mode).toBe("full");
  expect(await pay.charge()).toBe("paid");
});

test("a folder that others may enter, and that has other things in it, is let be (F1)", async () => {
  const open = join(folder, "open");
  mkdirSync(open);
  chmodSync(open, 0o755);
  writeFileSync(join(open, "mine.txt"), "");
  vi.stubEnv("SOULMIRROR_STATE", open);
  vi.stubEnv("TMPDIR", folder);
  start();
  await vi.waitFor(() => expect(stream).toBeDefined(), soon);
  send(wish);
  await vi.waitFor(() => expect(said.at(-1)).toMatchObject({ version: 4 }), soon);
  expect(readdirSync(open)).toEqual(["mine.txt"]);
  expect(readdirSync(folder).filter((each) => each.startsWith("soulmirror-engine-"))).toHaveLength(
    1,
  );
});

test("a service that has done its work ends, connected or not (L1)", async () => {
  const index = JSON.stringify(`${checkout}src/engine/index.ts`);
  const source = `
    import { createEngine } from ${index};
    const engine = createEngine();
    const one = engine.wrap("one", { go: async () => "gone" });
    await one.go();
    await new Promise((resolve) => setTimeout(resolve, 1500));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: "ignore",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  expect([code, connections > 0]).toEqual([0, true]);
});

test("a limit is no mistake of the configuration, whatever its name may stand for", async () => {
  const { made, pay } = start();
  await vi.waitFor(() => expect(connections).toBe(1), soon);
  const limits = { "pay.charge": { concurrency: 1 }, "pay.a.b": { timeoutMs: 100 } };
  send({ ...wish, mode: null, isolated: {}, limits });
  await vi.waitFor(
    () => expect(said).toContainEqual(expect.objectContaining({ version: 4 })),
    soon,
  );
  const [value] = made.settings
    .explain("pay", "charge")
    .filter(({ name }) => name === "bulkhead.limit");
  expect(value).toMatchObject({ value: 1, from: "the daemon" });
  expect(await pay.charge()).toBe("paid");
  expect(made.problems).toEqual([]);
  expect(JSON.stringify(await made.getSystemHealth())).not.toContain("is not wrapped here");
});
