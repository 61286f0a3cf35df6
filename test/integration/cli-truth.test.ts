/** What people are told is what is: also after a rollback, behind a held port, without a daemon. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServiceView } from "../../src/loop/index.ts";
import type { ActionRow, Incident } from "../../src/model/index.ts";
import { until } from "../until.ts";
import { CliBench } from "./cli-bench.ts";
import { Stranger } from "./stranger.ts";

interface Report {
  readonly url: string;
  readonly services: readonly ServiceView[];
  readonly incidents: readonly Incident[];
}

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
  await bench.writeFleet();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function changeFleet(change: (text: string) => string): Promise<void> {
  const path = bench.path("soulmirror.yaml");
  await bench.write("soulmirror.yaml", change(await readFile(path, "utf8")));
}

async function report(): Promise<Report> {
  return (await bench.json("status")) as Report;
}

async function reported(isSo: (seen: Report) => boolean): Promise<Report> {
  let last = await report();
  const holds = async (): Promise<boolean> => isSo((last = await report()));
  await until(holds, { what: isSo.toString(), everyMs: 500, seen: () => last });
  return last;
}

const named = ({ services }: Report, name: string) => services.find((each) => each.name === name);

describe("a service that was taken back to its last good configuration", () => {
  it("says so everywhere, with what ends it", async () => {
    await changeFleet((text) => `${text}budgets: { healthy_run: 500ms, crashes: 2 }\n`);
    await bench.run("up");
    await pause(1500);
    await changeFleet((text) => text.replace(", web.mjs]\n    env", ", wbe.mjs]\n    env"));
    const seen = await reported((each) => {
      const base = named(each, "base");
      return base?.pinned === true && base.state === "healthy" && each.incidents.length === 0;
    });
    expect(named(seen, "web")?.pinned).toBe(false);

    const status = await bench.run("status", "--check");
    expect(status.code).toBe(1);
    expect(status.out).toMatch(/^base runs with its last good configuration\./);
    expect(status.out).toContain("correct the fleet file, a restart does not end it");

    const { out: diff } = await bench.run("diff");
    expect(diff).toContain("service/base runs with its last good configuration; the fleet file");
    expect(diff).toContain("wbe.mjs");
    expect((await bench.run("show", "base")).out).toContain("not with what the fleet file says");
    const page = await (await fetch(seen.url)).text();
    expect(page.match(/base runs? with its last good configuration/g)).toHaveLength(2);

    await changeFleet((text) => text.replace("wbe.mjs", "web.mjs"));
    await reported((each) => named(each, "base")?.pinned === false);
  });
});

describe("a front port that a stranger holds", () => {
  it("makes its service unwell, with the reason", async () => {
    const text = await readFile(bench.path("soulmirror.yaml"), "utf8");
    const port = Number(/listen: (\d+)/.exec(text)?.[1]);
    using _ = await Stranger.at(port);
    await bench.run("up");
    const seen = await reported((each) => named(each, "web")?.state === "unhealthy");
    const reason = `the proxy cannot listen for web: port ${port} is held by`;
    expect(named(seen, "web")?.reason).toContain(reason);
    expect(named(seen, "base")?.reason).toBeNull();
    expect((await bench.run("show", "web")).out).toContain(reason);
    expect(await (await fetch(seen.url)).text()).toContain(reason);
    expect((await bench.run("status")).out).toContain(`  ${reason}`);
  });
});

describe("what was kept before a process was ended", () => {
  it("is found from the service, the incident and the action, also without a daemon", async () => {
    await bench.run("up");
    const [base] = named(await report(), "base")?.instances ?? [];
    process.kill(Number(base?.pid), "SIGSTOP");
    await reported((each) => {
      const { pid, state } = named(each, "base")?.instances[0] ?? {};
      return pid !== base?.pid && state === "healthy" && each.incidents.length === 0;
    });
    const { actions } = (await bench.json("actions")) as { actions: readonly ActionRow[] };
    const action = actions.find(({ failureEventId }) => failureEventId !== null)?.actionId ?? "";
    const [incident] = (await bench.json("incidents")) as readonly Incident[];
    const pointer = `soulmirror show ${action}`;

    const tellsAll = async (): Promise<void> => {
      expect((await bench.run("show", "base")).out).toContain(pointer);
      expect((await bench.run("show", incident?.id ?? "")).out).toContain(pointer);
      const { out } = await bench.run("show", action);
      expect(out).toMatch(/^kept before it\n {2}pid \d+\n/m);
      expect(out).toContain("\n  last lines of its log:\n  listening\n");
      expect(out).toContain("open descriptors: ");
    };
    await tellsAll();

    expect((await bench.run("down")).code).toBe(0);
    await tellsAll();
    const past = await bench.run("incidents");
    expect([past.code, past.out.includes(incident?.id ?? "?")]).toEqual([0, true]);
    expect(past.err).toContain("This is what the store says");
    const { code, out } = await bench.run("actions");
    expect([code, out.includes(action)]).toEqual([0, true]);
    expect(await bench.run("show", "nobody")).toMatchObject({ code: 1 });
  });
});

describe("the ends of a fleet", () => {
  const nothingRuns = { code: 0, out: expect.stringMatching(/^Nothing runs: /) as string, err: "" };

  it("are told once, and leave nothing to do", async () => {
    expect(await bench.run("incidents")).toMatchObject({ code: 5 });
    expect(await bench.run("down")).toEqual(nothingRuns);
    await bench.run("up");
    expect(await readFile(bench.path(".soulmirror", ".gitignore"), "utf8")).toBe("*\n");
    expect((await bench.run("down", "--keep-services")).code).toBe(0);
    // Services run on: there is something to stop, and nobody who could.
    expect((await bench.run("down")).code).toBe(5);
    await bench.run("up");
    expect((await bench.run("down")).code).toBe(0);
    expect(await bench.run("down")).toEqual(nothingRuns);
    expect((await bench.run("audit")).out).toContain("The journal is as it was written");
  });

  it("leave no data directory behind that a refused start has made", async () => {
    await bench.write("soulmirror.yaml", "services:\n  web: { comand: node x.js }\n");
    expect((await bench.run("up")).code).toBe(2);
    expect(existsSync(bench.path(".soulmirror"))).toBe(false);
  });
});

it("tells of a watched resource what is looked at, what is open and which incident that is", async () => {
  const away = "http/away: { url: 'http://127.0.0.1:1/', interval: 300ms, timeout: 200ms }";
  await changeFleet((text) => `${text}resources: { ${away} }\n`);
  await bench.run("up");
  const seen = await reported(({ incidents }) => incidents.length > 0);
  const { code, out } = await bench.run("show", "http/away");
  expect(code).toBe(0);
  expect(out).toMatch(/^http\/away .*unhealthy/);
  expect(out).toMatch(/looked at +every 300 ms, timeout 200 ms, mode full/);
  expect(out).toMatch(/open +unreachable: /);
  expect(out).toContain(seen.incidents[0]?.id);
  expect(out).toMatch(/Failures\n.* unreachable +\S*not over/);
});
