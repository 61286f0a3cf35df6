/** Services whose code knows nothing of us, with `soulmirror/register`, and their daemon. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../src/system/index.ts";
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

/** The same with an engine of its own, which it makes after so many milliseconds. */
const engineSource = (afterMs: number): string => `${callerSource}
import { createEngine } from "${source("engine/index.ts")}";
setTimeout(() => {
  const mail = createEngine().wrap("mail", { send: async () => "sent" });
  setInterval(() => mail.send(), 100);
}, ${afterMs});
`;

let bench: FleetBench;
let host = "";

beforeAll(async () => {
  bench = new FleetBench();
  const port = await freePort();
  host = `127.0.0.1:${port}`;
  const caller = (name: string, code: string): object => {
    writeFileSync(join(bench.folder, `${name}.mjs`), code);
    const command = [process.execPath, "--import", register, join(bench.folder, `${name}.mjs`)];
    return bench.toy(name, { command, env: { OTHER: `http://${host}/` } });
  };
  bench.declare({
    services: {
      other: bench.toy("other", { listen: port, health_check: "/health" }),
      plain: caller("plain", callerSource),
      early: caller("early", engineSource(0)),
      late: caller("late", engineSource(5000)),
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
