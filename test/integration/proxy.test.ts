/** The proxy process before real instances that are swapped, killed and stopped under load. */
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { until } from "../until.ts";
import { Bench, type Instance, Load, up } from "./proxy-bench.ts";

describe("zero downtime", () => {
  test("twelve rolling swaps under load lose no request", { timeout: 60_000 }, async () => {
    await using bench = await Bench.start();
    let old = await bench.instance();
    await bench.route([up("0", old)]);
    await using load = new Load(bench, { clients: 20, posting: 5 });
    for (let swap = 1; swap <= 12; swap += 1) {
      const next = await bench.instance();
      await bench.route([up(`${swap - 1}`, old, "serve"), up(`${swap}`, next)]);
      await bench.serving(`${swap}`);
      await bench.route([up(`${swap - 1}`, old, "drain"), up(`${swap}`, next)]);
      expect(await bench.router.drained("shop", `${swap - 1}`, 10_000)).toBe(0);
      old.kill("SIGTERM");
      await old.exited;
      await bench.route([up(`${swap}`, next)]);
      await load.more(50);
      old = next;
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(await bench.report()).toMatchObject({ failures: 0, upstreams: [{ id: "12" }] });
  });

  test("twenty kills of one of two instances lose no GET", { timeout: 60_000 }, async () => {
    await using bench = await Bench.start();
    const instances = [await bench.instance(), await bench.instance()];
    const routes = instances.map((instance, index) => up(`${index}`, instance));
    await bench.route(routes);
    await bench.serving("0", "1");
    await using load = new Load(bench, { clients: 20, posting: 0 });
    for (let round = 0; round < 20; round += 1) {
      await load.more(40);
      const victim = instances[round % 2] as Instance;
      victim.kill("SIGKILL");
      await victim.exited;
      instances[round % 2] = await bench.instance(victim.port);
      await bench.serving("0", "1");
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect((await bench.report()).retried).toBeGreaterThan(0);
  });

  test("the only instance killed: GETs wait for its successor", { timeout: 30_000 }, async () => {
    await using bench = await Bench.start();
    const first = await bench.instance();
    await bench.route([up("a", first)]);
    await bench.serving("a");
    const waiting = Array.from({ length: 10 }, () => bench.get("/work?waitMs=60000"));
    await until(async () => (await bench.report()).upstreams[0]?.inFlight === 10);
    first.kill("SIGKILL");
    await until(async () => (await bench.report()).held === 10);
    const next = await bench.instance();
    // The successor would dawdle as well: what counts is that it was asked.
    await bench.route([up("b", next)]);
    await until(async () => (await bench.report()).upstreams.at(-1)?.inFlight === 10);
    next.kill("SIGKILL");
    await next.exited;
    await bench.router.remove("shop");
    for (const reply of await Promise.all(waiting)) expect(reply.status).toBe(503);
  });

  test("ejecting a stopped instance moves its GETs", { timeout: 30_000 }, async () => {
    await using bench = await Bench.start();
    // Nothing but the ejection can help.
    bench.timeoutMs = 600_000;
    const [hung, healthy] = [await bench.instance(), await bench.instance()];
    await bench.route([up("hung", hung), up("healthy", healthy)]);
    await bench.serving("hung", "healthy");
    hung.kill("SIGSTOP");
    const asked = Array.from({ length: 20 }, () => bench.get("/work?waitMs=20"));
    await until(async () => ((await bench.report()).upstreams[0]?.inFlight ?? 0) >= 5);
    await bench.route([up("hung", hung, "eject"), up("healthy", healthy)]);
    for (const reply of await Promise.all(asked)) {
      expect(JSON.parse(reply.text)).toMatchObject({ pid: healthy.pid });
    }
    expect((await bench.report()).upstreams[0]).toMatchObject({ state: "ejected", inFlight: 0 });
  });

  test("a POST is never carried out twice", { timeout: 30_000 }, async () => {
    await using bench = await Bench.start();
    const [victim, other] = [await bench.instance(), await bench.instance()];
    await bench.route([up("victim", victim, "serve"), up("other", other, "drain")]);
    const paying = Array.from({ length: 5 }, (_, id) => bench.post(`/pay?id=${id}&waitMs=60000`));
    await until(() => readFileSync(bench.ledger, "utf8").trim().split("\n").length === 5);
    await bench.route([up("victim", victim, "serve"), up("other", other, "serve")]);
    victim.kill("SIGKILL");
    for (const reply of await Promise.all(paying)) expect(reply.status).toBe(502);
    const lines = readFileSync(bench.ledger, "utf8").trim().split("\n");
    expect(new Set(lines.map((line) => line.split(" ")[1]))).toEqual(
      new Set(["0", "1", "2", "3", "4"]),
    );
    expect(lines).toHaveLength(5);
  });

  test("a POST that was refused goes to another, body and all", async () => {
    await using bench = await Bench.start();
    const [dead, alive] = [await bench.instance(), await bench.instance()];
    dead.kill("SIGKILL");
    await dead.exited;
    for (const sizeBytes of [10, 1_000_000]) {
      await bench.route([up(`dead-${sizeBytes}`, dead, "serve"), up("alive", alive, "serve")]);
      for (let round = 0; round < 2; round += 1) {
        const reply = await bench.post("/pay", { body: Buffer.alloc(sizeBytes) });
        expect(JSON.parse(reply.text)).toMatchObject({ pid: alive.pid, sizeBytes });
      }
    }
    expect((await bench.report()).retried).toBeGreaterThanOrEqual(2);
    expect(readFileSync(bench.ledger, "utf8").trim().split("\n")).toHaveLength(4);
  });
});

describe("answers that break off", () => {
  test("a small one is asked for again elsewhere", { timeout: 30_000 }, async () => {
    await using bench = await Bench.start();
    const [first, second] = [await bench.instance(), await bench.instance()];
    await bench.route([up("first", first, "serve"), up("second", second, "drain")]);
    const half = bench.get("/half?sizeBytes=5000");
    await until(async () => (await bench.report()).upstreams[0]?.inFlight === 1);
    await bench.route([up("first", first, "drain"), up("second", second, "serve")]);
    first.kill("SIGKILL");
    await until(async () => (await bench.report()).upstreams[1]?.inFlight === 1);
    second.kill("SIGKILL");
    await until(async () => (await bench.report()).held === 1);
    await bench.router.remove("shop");
    expect((await half).status).toBe(503);
  });

  test("a streamed one breaks the client's connection", { timeout: 30_000 }, async () => {
    await using bench = await Bench.start();
    for (const path of ["/half?sizeBytes=500000", "/endless"]) {
      const instance = await bench.instance();
      await bench.route([up(path, instance, "serve")]);
      const outgoing = request({ host: "127.0.0.1", port: bench.port, path, agent: false });
      const fate = new Promise<string>((resolve) => {
        outgoing.on("error", () => resolve("broken"));
        outgoing.on("response", (incoming) => {
          incoming.once("data", () => instance.kill("SIGKILL"));
          incoming.on("end", () => resolve("clean end"));
          incoming.on("error", () => resolve("broken"));
        });
      });
      outgoing.end();
      expect(await fate).toBe("broken");
    }
  });

  test("a silent instance is a 504, and nobody else is asked in the same time", async () => {
    await using bench = await Bench.start();
    bench.timeoutMs = 200;
    const [one, two] = [await bench.instance(), await bench.instance()];
    await bench.route([up("one", one, "serve"), up("two", two, "serve")]);
    for (const hung of [one, two]) hung.kill("SIGSTOP");
    expect((await bench.get("/work")).status).toBe(504);
    expect((await bench.post("/pay")).status).toBe(504);
    expect(await bench.report()).toMatchObject({ failures: 2, retried: 0 });
  });

  test("the time of a request goes on while it waits for somebody who serves", async () => {
    await using bench = await Bench.start();
    [bench.holdMs, bench.timeoutMs] = [600_000, 1000];
    const instance = await bench.instance();
    await bench.route([up("a", instance, "serve")]);
    const asked = bench.get("/work?waitMs=60000");
    await until(async () => (await bench.report()).upstreams[0]?.inFlight === 1);
    instance.kill("SIGKILL");
    await until(async () => (await bench.report()).held === 1);
    expect((await asked).status).toBe(503);
  });

  test("where nothing may be repeated, a GET that was lost is told as lost", async () => {
    await using bench = await Bench.start();
    const [one, two] = [await bench.instance(), await bench.instance()];
    const upstreams = [up("one", one, "serve"), up("two", two, "serve")];
    await bench.route(upstreams, { repeats: false });
    const asked = bench.get("/work?waitMs=60000");
    await until(async () => (await bench.report()).upstreams.some((each) => each.inFlight === 1));
    for (const { kill } of [one, two]) kill("SIGKILL");
    expect((await asked).status).toBe(502);
    expect(await bench.report()).toMatchObject({ retried: 0, held: 0 });
  });
});

describe("waiting", () => {
  test("nobody serves: wait, then 503 with a hint", async () => {
    await using bench = await Bench.start();
    bench.holdMs = 50;
    await bench.route([]);
    const reply = await bench.get("/work");
    expect(reply.status).toBe(503);
    expect(reply.headers["retry-after"]).toBe("1");
    expect(await bench.report()).toMatchObject({ held: 1, failures: 1 });
  });

  test("a client that leaves frees its instance", { timeout: 30_000 }, async () => {
    await using bench = await Bench.start();
    await bench.route([up("a", await bench.instance(), "serve")]);
    const leaving = new AbortController();
    const asked = bench.get("/work?waitMs=60000", { signal: leaving.signal });
    await until(async () => (await bench.report()).upstreams[0]?.inFlight === 1);
    leaving.abort();
    await expect(asked).rejects.toThrow("aborted");
    expect(await bench.router.drained("shop", "a", 10_000)).toBe(0);
    expect(await bench.report()).toMatchObject({ failures: 0, retried: 0 });
  });

  test("a request that is short of time throws nobody out", { timeout: 30_000 }, async () => {
    await using bench = await Bench.start();
    bench.timeoutMs = 2000;
    const [hung, deaf] = [await bench.instance(), await bench.deaf()];
    await bench.route([up("hung", hung, "serve")]);
    hung.kill("SIGSTOP");
    const asked = [
      bench.get("/work"),
      bench.get("/", { headers: { connection: "upgrade", upgrade: "echo" } }),
    ];
    await until(async () => (await bench.report()).upstreams[0]?.inFlight === 2);
    // Too late for the second to be given the whole time that a connection may take.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    await bench.route([up("hung", hung, "eject"), up("deaf", deaf, "serve")]);
    for (const reply of await Promise.all(asked)) expect(reply.status).toBe(504);
    expect((await bench.report()).upstreams[1]).toMatchObject({ state: "serving", failed: 0 });
  });

  test("a readiness path must answer 2xx before an instance serves", async () => {
    await using bench = await Bench.start();
    const ready = await freePort();
    await using stack = new AsyncDisposableStack();
    let status = 503;
    let polls = 0;
    const server = createServer((incoming, outgoing) => {
      if (incoming.url === "/ready") polls += 1;
      outgoing.writeHead(incoming.url === "/ready" ? status : 200).end("it serves");
    });
    stack.defer(() => server.closeAllConnections());
    stack.defer(() => void server.close());
    await new Promise<void>((resolve) => server.listen(ready, "127.0.0.1", resolve));
    await bench.route([up("a", { port: ready })], { readyPath: "/ready" });
    await until(() => polls > 3);
    expect((await bench.report()).upstreams[0]?.state).toBe("joining");
    const asked = bench.get("/");
    status = 204;
    expect((await asked).text).toBe("it serves");
  });
});
