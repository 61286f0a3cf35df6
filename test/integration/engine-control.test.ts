/**
 * The control channel, with a real daemon and real services with an engine inside. Invariants are
 * those of `steered-engine.ts` (D) and `engine-steering.ts` (G).
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineWish, SteeredService } from "../../src/model/index.ts";
import { freePort } from "../../src/system/index.ts";
import { FleetBench } from "./fleet-bench.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

/** Calls on and on, and notes beside it how that goes. */
const insideSource = `
import "./toy.mjs";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { createEngine } from "${checkout}src/engine/index.ts";

const engine = createEngine();
const told = [];
engine.on("state", ({ message }) => told.push(message));
const mail = engine.wrap("mail", {
  async send() {
    if (!existsSync("fail-" + process.pid)) return "sent";
    throw Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
  },
});
const note = { pid: process.pid, answers: {}, slowestMs: 0 };
const call = async () => {
  const began = performance.now();
  const answer = await mail.send().catch((error) => error.name + ": " + error.message);
  note.slowestMs = Math.max(note.slowestMs, performance.now() - began);
  note.answers[answer] = (note.answers[answer] ?? 0) + 1;
  note.first ??= { answer, mode: engine.mode };
  note.last = answer;
  note.mode = engine.mode;
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
    expect(wish).toEqual({ version, mode: "monitor", isolated: {} });
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
    const isolate = { operation: "pay.charge", reason: "charged twice" };
    const { version } = await steer({ service: "shop", isolate });
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
    expect(wish).toEqual({ version, mode: "shadow", isolated: { "pay.charge": "charged twice" } });
    expect(await bench.pidOf("shop")).toBe(pid);
  });
});
