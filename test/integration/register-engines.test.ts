/** `soulmirror/register` and engines in one process: one set of watches, one telling. */
import { describe, expect, it } from "vitest";
import { blocked, guarded, run, told } from "./register-bench.ts";

describe.concurrent("an app that has engines of its own", () => {
  const engine = new URL("../../src/engine/index.ts", import.meta.url).href;
  const two = `import { createEngine } from "${engine}";
    const engines = ["first", "second"].map((service) => createEngine({ service }));
    for (const each of engines) each.on("silent_error", ({ operation, type, reason }) => {
      if (!reason.includes("ready")) console.log(each.service, operation, type);
    });
    const stops = engines.map((each) => each.watchProcess({ stalls: 100 }));
    ${blocked}
    process.on("unhandledRejection", () => {}); process.on("uncaughtException", () => {});
    const stay = setInterval(() => {}, 1000);
    const hurt = () => { blockTheLoop(1200); Promise.reject(new Error("lost " + engines.length)); };
  `;
  const heard = [
    "first process event_loop_stall",
    "first process swallowed_rejection",
    "second process event_loop_stall",
    "second process swallowed_rejection",
  ];
  const end = "setTimeout(() => clearInterval(stay), 2000);";

  it("has one set of watches, of which all engines hear", async () => {
    const code = `${two} later(() => { clearInterval(alive); hurt(); ${end} });`;
    const ran = await run(code, guarded({ isAwaited: true }));
    expect(ran.out.trim().split("\n").toSorted()).toEqual(heard);
    expect(told(ran)).toHaveLength(2);
  });

  it("can ask for the watches in code, and hears without a line on stderr", async () => {
    const code = `${two} setTimeout(() => { hurt(); ${end} }, 1000);`;
    const ran = await run(code);
    expect(ran.out.trim().split("\n").toSorted()).toEqual(heard);
    expect(ran.err).toBe("");
  });

  it("hears nothing when the last has stopped, and process.emit is what it was", async () => {
    const code = `const { emit } = process; ${two} console.log(process.emit === emit);
      setTimeout(() => { stops[0](); stops[0](); console.log(process.emit === emit);
        engines[1].close(); console.log(process.emit === emit); hurt(); ${end} }, 1000);`;
    expect(await run(code)).toMatchObject({ code: 0, out: "false\nfalse\ntrue\n", err: "" });
  });

  it("hears nothing when it is switched off", async () => {
    const environment = { RELIABILITY_ENGINE_ENABLED: "false" };
    const code = `const { emit } = process; ${two} console.log(process.emit === emit);
      setTimeout(() => { hurt(); ${end} }, 1000);`;
    expect((await run(code, { environment })).out).toBe("true\n");
  });

  it("is told which option of the watch is wrong", async () => {
    const code = `import { createEngine } from "${engine}";
      try { createEngine().watchProcess({ stalls: 5 }) } catch (e) { console.log(e.code, e.message) }`;
    expect((await run(code)).out).toMatch(/OPTIONS_INVALID watchProcess.*stalls/s);
  });
});
