/**
 * The control channel, with a real daemon and real services with an engine inside. Invariants are
 * those of `steered-engine.ts` (D) and `engine-steering.ts` (G).
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { EngineWish, SteeredService } from "../../src/model/index.ts";
import type { EngineReport } from "../../src/targets/index.ts";
import { FleetBench } from "./fleet-bench.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

/** Calls on and on, and notes beside it how that goes. */
const insideSource = `
import "./toy.mjs";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { createEngine } from "${checkout}src/engine/index.ts";
import { failover } from "${checkout}src/engine/ai/index.ts";

const engine = createEngine();
const told = [];
engine.on("state", ({ message }) => told.push(message));
const mail = engine.wrap("mail", {
  async send() {
    if (!existsSync("fail-" + process.pid)) return "sent";
    throw Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
  },
});
const providers = [{ name: "llm:one", call: () => "one" }, { name: "llm:two", call: () => "two" }];
const ask = failover(providers, { engine });
const note = { pid: process.pid, answers: {}, slowestMs: 0 };
const call = async () => {
  const began = performance.now();
  const answer = await mail.send().catch((error) => error.name + ": " + error.message);
  note.slowestMs = Math.max(note.slowestMs, performance.now() - began);
  note.answers[answer] = (note.answers[answer] ?? 0) + 1;
  note.first ??= { answer, mode: engine.mode };
  note.last = answer;
  note.mode = engine.mode;
  note.answer = await ask("who?");
  const { value, from } = engine.settings
    .explain("mail", "send")
    .find(({ name }) => name === "timeoutMs");
  note.timeout = { value, from };
  note.breaker = engine.operation("mail.send").breaker;
  note.failed = engine.operation("mail.send").calls - (note.answers["sent"] ?? 0);
  note.told = told;
  writeFileSync("note.new-" + process.pid, JSON.stringify(note));
  renameSync("note.new-" + process.pid, "note-" + process.pid);
};
await call();
setInterval(call, 50);
`;

interface Note {
  readonly pid: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly first: { readonly answer: string; readonly mode: string };
  readonly last: string;
  readonly mode: string;
  readonly breaker: string;
  /** Of the ring of providers. */
  readonly answer: string;
  readonly timeout: { readonly value: number; readonly from: string };
  readonly slowestMs: number;
  readonly told: readonly string[];
}

let bench: FleetBench;
beforeAll(async () => {
  bench = new FleetBench();
  writeFileSync(join(bench.folder, "inside.mjs"), insideSource);
  const command = [process.execPath, join(bench.folder, "inside.mjs")];
  const port = await freePort();
  bench.declare({
    services: {
      shop: bench.toy("shop", { command }),
      trio: bench.toy("trio", { command, instances: 3, listen: `127.0.0.1:${port}` }),
    },
  });
  await bench.start();
  await bench.settled();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

function noteOf(pid: number): Note | undefined {
  const path = join(bench.folder, `note-${pid}`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Note) : undefined;
}

async function noted(pid: number, fits: (note: Note) => boolean, what: string): Promise<Note> {
  await bench.until(
    () => {
      const note = noteOf(pid);
      return note !== undefined && fits(note);
    },
    what,
    30_000,
  );
  const note = noteOf(pid);
  if (note === undefined) throw new Error("it was there a moment ago");
  return note;
}

async function steer(body: Readonly<Record<string, unknown>>): Promise<EngineWish> {
  const answer = await bench.post<EngineWish>("/api/v1/engines/wanted", body);
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return answer.body;
}

async function steered(service: string): Promise<SteeredService | undefined> {
  const all = await bench.get<SteeredService[]>("/api/v1/engines/wanted");
  return all.find((each) => each.service === service);
}

async function inside(service: string): Promise<EngineReport | undefined> {
  return (await bench.get<EngineReport[]>(`/api/v1/engines?service=${service}`))[0];
}

async function acknowledged(service: string, version: number): Promise<SteeredService> {
  let found: SteeredService | undefined;
  await bench.until(
    async () => {
      found = await steered(service);
      const engines = found?.engines ?? [];
      return engines.length > 0 && engines.every((each) => each.version === version);
    },
    `every engine of ${service} goes by version ${version}`,
    40_000,
  );
  if (found === undefined) throw new Error("it was there a moment ago");
  return found;
}

describe("what a person wants of the engine in a service", () => {
  test("a mode takes effect, is acknowledged and stands in the journal (G1)", async () => {
    const { version } = await steer({ service: "shop", mode: "monitor" });
    const pid = await bench.pidOf("shop");
    await noted(pid, ({ mode }) => mode === "monitor", "the mode is in force");
    const { wish, engines } = await acknowledged("shop", version);
    expect(wish).toMatchObject({ version, mode: "monitor", isolated: {} });
    expect(engines).toMatchObject([{ version, mode: "monitor" }]);
    expect(await bench.entries("request")).toContainEqual({
      kind: "request",
      by: "token",
      what: "the mode monitor inside",
      resource: "service/shop",
    });
    const { version: next } = await steer({ service: "shop", mode: null });
    await noted(pid, ({ mode }) => mode === "full", "the mode is taken back");
    await acknowledged("shop", next);
  });

  test("an isolated operation refuses its calls, and a released one takes them", async () => {
    const pid = await bench.pidOf("shop");
    const isolate = { operation: "mail.send", reason: "mail is moved" };
    await steer({ service: "shop", isolate });
    const { last } = await noted(pid, ({ breaker }) => breaker === "isolated", "it is isolated");
    expect(last).not.toBe("sent");
    await steer({ service: "shop", release: "mail.send" });
    await noted(pid, ({ last: answer }) => answer === "sent", "it is released");
  });

  test("a limit takes effect at once, says where it is from, and is taken back", async () => {
    const pid = await bench.pidOf("shop");
    const limit = { operation: "mail.send", perSecond: 1, timeoutMs: 4321 };
    const asked = { service: "shop", limit, reason: "they are slow", who: "alice", forMs: 600_000 };
    const { limits } = await steer(asked);
    expect(limits).toEqual({ "mail.send": { perSecond: 1, timeoutMs: 4321 } });
    const { last } = await noted(
      pid,
      ({ last: text }) => text.includes("again in"),
      "it is slower",
    );
    expect(last).toMatch(/^RateLimitError: mail.send may be called again in \d+ ms$/);
    const { timeout } = await noted(pid, (note) => note.timeout.value === 4321, "it is shorter");
    expect(timeout.from).toMatch(
      /^the daemon \(wanted by alice \(token\) since \d.+Z, until \d.+Z: they are slow\)$/,
    );
    expect(await bench.entries("request")).toContainEqual({
      kind: "request",
      by: "alice (token)",
      what: "a timeout of 4.3 s and 1 calls per second for mail.send, for 10 m (they are slow) inside",
      resource: "service/shop",
    });
    await steer({ service: "shop", unlimit: "mail.send" });
    const { timeout: own } = await noted(
      pid,
      (note) => note.timeout.value === 30_000,
      "it is back",
    );
    expect(own.from).toBe("built-in default");
    await noted(pid, ({ last: answer }) => answer === "sent", "it is as fast as before");
    expect(await bench.pidOf("shop")).toBe(pid);
  });

  test("a limit for a time ends with it, without another word", async () => {
    const pid = await bench.pidOf("shop");
    const limit = { operation: "mail", timeoutMs: 2222 };
    await steer({ service: "shop", limit, forMs: 3000, unseen: true });
    await noted(pid, (note) => note.timeout.value === 2222, "all of `mail` has it");
    await noted(pid, (note) => note.timeout.value === 30_000, "it is over");
    expect((await steered("shop"))?.wish.limits).toEqual({});
  });

  test("a provider is asked first, or not at all; it is shown, and its order comes back", async () => {
    const pid = await bench.pidOf("shop");
    await noted(pid, ({ answer }) => answer === "one", "the first one answers");
    await bench.until(
      async () => ((await inside("shop"))?.providers.length ?? 0) === 2,
      "the daemon knows the providers",
      40_000,
    );
    await steer({ service: "shop", prefer: "llm:two" });
    await noted(pid, ({ answer }) => answer === "two", "the second one is preferred");
    await steer({ service: "shop", readmit: "llm:two" });
    await noted(pid, ({ answer }) => answer === "one", "the order is back");
    await steer({ service: "shop", eject: "llm:one", reason: "wrong answers" });
    await noted(pid, ({ answer }) => answer === "two", "the first one is ejected");
    await bench.until(
      async () => (await inside("shop"))?.providers.some(({ wish }) => wish === "eject") ?? false,
      "that is told",
      40_000,
    );
    expect((await inside("shop"))?.providers).toMatchObject([
      { name: "llm:two", ring: "llm", place: 1, state: "serving", faults: 0, wish: null },
      { name: "llm:one", ring: "llm", place: null, state: "serving", wish: "eject" },
    ]);
    const last = { service: "shop", eject: "llm:two" };
    const refused = await bench.post<{ error: unknown }>("/api/v1/engines/wanted", last);
    expect([refused.status, refused.body.error]).toEqual([
      409,
      {
        code: "CONFLICT",
        message: "without llm:two nobody is left to ask in llm",
        fix: "readmit another one first, or isolate the operations that ask",
      },
    ]);
    await steer({ service: "shop", readmit: "llm:one" });
    await noted(pid, ({ answer }) => answer === "one", "it is back");
  });

  test.each([
    [{ isolate: { operation: "mail.sned", reason: "x" } }, 404, 'did you mean "mail.send"?'],
    [{ limit: { operation: "male.send", timeoutMs: 500 } }, 404, 'did you mean "mail.send"?'],
    [{ eject: "llm:ones" }, 404, 'did you mean "llm:one"?'],
    [{ release: "mail.send" }, 404, "there is none: nothing was changed"],
    [{ unlimit: "mail.send" }, 404, "there is none"],
    [{ limit: { operation: "mail.send", timeoutMs: 99 } }, 400, "isolate it instead"],
    [{ limit: { operation: "mail.send", concurrency: 0 } }, 400, "isolate it instead"],
    [{ limit: { operation: "mail.send", perSecond: 0.01 } }, 400, "isolate it instead"],
    [{ limit: { operation: "mail.send", timeoutMs: 7_200_000 } }, 400, "at most 3600000 ms"],
    [{ reason: "nothing else" }, 400, "nothing is wanted"],
  ])("%j is refused, with the reason", async (body, status, why) => {
    const before = (await steered("shop"))?.wish.version;
    const asked = { service: "shop", ...body };
    const answer = await bench.post("/api/v1/engines/wanted", asked);
    expect([answer.status, JSON.stringify(answer.body).replaceAll("\\", "")]).toEqual([
      status,
      expect.stringContaining(why),
    ]);
    expect((await steered("shop"))?.wish.version).toBe(before);
  });

  test("a service that is not there is told with the one that may have been meant", async () => {
    const asked = { service: "shpo", mode: "off" };
    const answer = await bench.post("/api/v1/engines/wanted", asked);
    expect(answer.status).toBe(404);
    expect(JSON.stringify(answer.body)).toContain('did you mean \\"shop\\"?');
  });

  test("is shown with the engine that it is wanted of", async () => {
    let shown: unknown;
    await bench.until(
      async () => {
        [shown] = await bench.get<unknown[]>("/api/v1/engines?service=shop");
        return shown !== undefined;
      },
      "the engine is heard of",
      40_000,
    );
    const { version } = (await steered("shop"))?.wish ?? { version: -1 };
    expect(shown).toMatchObject({ wanted: { version }, link: { version, mode: "full" } });
  });
});

describe("a circuit that engines have opened", () => {
  test("is opened by the others of their service once two say so, and not by one (G4)", async () => {
    const [first = 0, second = 0, third = 0] = await bench.pidsOf("trio");
    const fail = (pid: number): void => writeFileSync(join(bench.folder, `fail-${pid}`), "");
    fail(first);
    const instances = async (): Promise<number> =>
      ((await steered("trio"))?.engines ?? []).filter(({ open }) => open.includes("mail.send"))
        .length;
    await bench.until(async () => (await instances()) === 1, "the daemon knows of one", 30_000);
    // The look after the one that came with the news has been, too.
    const seen = noteOf(third)?.answers["sent"] ?? 0;
    await noted(third, ({ answers }) => (answers["sent"] ?? 0) > seen + 60, "it works on");
    expect(noteOf(third)?.breaker).toBe("closed");
    fail(second);
    const { answers } = await noted(third, ({ breaker }) => breaker === "open", "it opens, too");
    // It has not seen one failure of its own.
    expect(Object.keys(answers).filter((answer) => answer.includes("no answer"))).toEqual([]);
    expect(noteOf(await bench.pidOf("shop"))?.breaker).toBe("closed");
    expect(await instances()).toBe(2);
  });
});

describe("a daemon that is away", () => {
  test("changes nothing: the engine keeps what it was told, and begins with it (D1, D2)", async () => {
    const pid = await bench.pidOf("shop");
    await steer({ service: "shop", mode: "shadow" });
    await steer({ service: "shop", limit: { operation: "mail.send", timeoutMs: 1234 } });
    const isolate = { operation: "pay.charge", reason: "charged twice" };
    const { version } = await steer({ service: "shop", isolate, unseen: true });
    await acknowledged("shop", version);
    await bench.end("SIGKILL");
    const before = await noted(pid, ({ told }) => told.length > 0, "it has noticed");
    expect(before.told.at(-1)).toMatch(/^the daemon is away \(.+\): what it said last holds on$/);
    const sent = before.answers["sent"] ?? 0;
    const { mode, last } = await noted(
      pid,
      (note) => (note.answers["sent"] ?? 0) > sent + 20,
      "20 calls",
    );
    expect([mode, last]).toEqual(["shadow", "sent"]);

    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const env = Object.fromEntries(
      environment
        .filter((each) => each.includes("="))
        .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
    );
    const again = spawn(process.execPath, [join(bench.folder, "inside.mjs")], {
      cwd: bench.folder,
      env: { ...env, PORT: "0" },
      stdio: "ignore",
    });
    try {
      const { first } = await noted(again.pid ?? 0, () => true, "it has begun anew");
      expect(first).toEqual({ answer: "sent", mode: "shadow" });
    } finally {
      again.kill("SIGKILL");
    }
    const folder = env["SOULMIRROR_STATE"] ?? "";
    const kept = readdirSync(folder).filter((each) => each.startsWith("wish-"));
    expect(kept.map((each) => statSync(join(folder, each)).mode & 0o777)).toContain(0o600);

    await bench.start();
    const { wish } = await acknowledged("shop", version);
    expect(wish).toMatchObject({
      version,
      mode: "shadow",
      isolated: { "pay.charge": "charged twice" },
      limits: { "mail.send": { timeoutMs: 1234 } },
    });
    expect(await bench.pidOf("shop")).toBe(pid);
  });
});
