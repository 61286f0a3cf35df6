/** Services whose code knows nothing of us, with `soulmirror/register`, and their daemon. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { EngineReport } from "../../src/targets/index.ts";
import { FleetBench } from "./fleet-bench.ts";

const source = (path: string): string => new URL(`../../src/${path}`, import.meta.url).href;
const register = source("public/register.ts");

/** The toy, which asks another toy again and again, and blocks its loop once, a while later. */
const callerSource = `
import "./toy.mjs";
import { get } from "node:http";

const other = process.env.OTHER;
setInterval(async () => { await (await fetch(other)).text(); }, 100);
setInterval(() => get(other, (answer) => answer.resume()).on("error", () => {}), 100);
function readTheBooks() {
  const end = performance.now() + 1000;
  while (performance.now() < end);
}
setTimeout(readTheBooks, 8000);
`;

/** An engine of the app's own, which it makes after so many milliseconds. */
const engineSource = (afterMs: number): string => `
import { createEngine } from "${source("engine/index.ts")}";
const make = () => {
  const mail = createEngine().wrap("mail", { send: async () => "sent" });
  setInterval(() => mail.send(), 100);
};
${afterMs === 0 ? "make();" : `setTimeout(make, ${afterMs});`}
`;

let bench: FleetBench;
let host = "";

beforeAll(async () => {
  bench = new FleetBench();
  const port = await freePort();
  host = `127.0.0.1:${port}`;
  const written = (name: string, code: string): string => {
    const file = join(bench.folder, name);
    writeFileSync(file, code);
    return file;
  };
  const app = written("caller.mjs", callerSource);
  const caller = (name: string, ...flags: readonly string[]): object => {
    const command = [process.execPath, ...flags, "--import", register, app];
    return bench.toy(name, { command, env: { OTHER: `http://${host}/` } });
  };
  const early = written("early.mjs", engineSource(0));
  const late = written("late.mjs", engineSource(5000));
  bench.declare({
    services: {
      other: bench.toy("other", { listen: port, health_check: "/health" }),
      plain: caller("plain"),
      early: caller("early", "--import", early),
      late: caller("late", "--import", late),
    },
  });
  await bench.start();
  await bench.settled();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

async function enginesOf(service: string): Promise<readonly EngineReport[]> {
  const all = await bench.get<readonly EngineReport[]>("/api/v1/engines");
  return all.filter((engine) => engine.service === service);
}

const names = (engine: EngineReport): readonly string[] =>
  engine.operations.map(({ name }) => name);

/** Those of one service, as soon as one of them has told of operations and of a finding. */
async function heardOf(service: string): Promise<readonly EngineReport[]> {
  let engines: readonly EngineReport[] = [];
  const isHeard = async (): Promise<boolean> => {
    engines = await enginesOf(service);
    return engines.some(({ operations, failures }) => operations.length > 0 && failures.length > 0);
  };
  await bench.until(isHeard, `operations and a finding of ${service}`, 40_000);
  return engines;
}

const stall = { operation: "process", category: "event_loop_stall" };

describe("a service that is only started with --import", () => {
  test("is an engine of the daemon's, with what it calls and what blocks it", async () => {
    const engines = await heardOf("plain");
    expect(engines).toMatchObject([{ pid: await bench.pidOf("plain"), failures: [stall] }]);
    // Of the telemetry itself nothing is counted.
    expect(engines.map(names)).toEqual([[`http ${host} GET`]]);
    expect(engines[0]?.failures[0]?.message).toContain("readTheBooks");
  });

  test("that has an engine of its own is one engine, and measures what it has wrapped", async () => {
    const engines = await heardOf("early");
    expect(engines).toMatchObject([{ failures: [stall] }]);
    expect(engines.map(names)).toEqual([["mail.send"]]);
  });

  test("that makes its engine later is told of by that one from then on", async () => {
    const engines = await heardOf("late");
    const own = engines.filter((engine) => names(engine).includes("mail.send"));
    const ours = engines.filter((engine) => !own.includes(engine));
    expect(own.map(names)).toEqual([["mail.send"]]);
    expect(own).toMatchObject([{ failures: [stall] }]);
    expect(ours.map(names)).toEqual([[`http ${host} GET`]]);
    expect(ours).toMatchObject([{ failures: [] }]);
  });
});
