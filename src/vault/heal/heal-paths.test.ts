import { describe, expect, test } from "vitest";
import type { RawPath } from "../raw-path.ts";
import type { HealFacts } from "./facts.ts";
import { facts, file, gone, later, rawPath, there } from "./heal-facts-bench.ts";
import { healPaths } from "./heal-paths.ts";
import type { HealEvent, HealOutcome, HealPorts, Repair } from "./heal-ports.ts";

const path = rawPath("/source/production/name");
const emptied = there(file({ mtimeNs: later, ctimeNs: later, sizeBytes: 0 }));

interface Script {
  /** What is seen in each round; the last is seen ever after. */
  readonly rounds: readonly Partial<HealFacts>[];
  readonly setAside?: HealPorts["setAside"];
  readonly restore?: HealPorts["restore"];
  readonly differs?: HealPorts["differs"];
  readonly undo?: HealPorts["undo"];
}

interface World extends HealPorts {
  readonly steps: string[];
  readonly events: HealEvent[];
}

/** A world in which each wait is over at once, and which notes what is done to it. */
function world(script: Script): World {
  const steps: string[] = [];
  const events: HealEvent[] = [];
  let nowMs = 0;
  let round = 0;
  const noted = <T>(step: string, result: T): T => {
    steps.push(step);
    return result;
  };
  return {
    steps,
    events,
    clock: { now: () => ({ wallMs: nowMs + 1_000_000, monotonicMs: nowMs }) },
    timers: {
      after: (delayMs, run) => {
        steps.push(`wait ${delayMs}`);
        nowMs += delayMs;
        queueMicrotask(run);
        return () => undefined;
      },
    },
    facts: (paths) => {
      const seen = script.rounds[Math.min(round++, script.rounds.length - 1)];
      return Promise.resolve(paths.map((each) => facts({ path: each, ...seen })));
    },
    setAside: (repair) => noted("aside", (script.setAside ?? keep)(repair)),
    restore: (repairs) => noted("restore", (script.restore ?? wholly)(repairs)),
    differs: (repair) => noted("look", (script.differs ?? asExpected)(repair)),
    undo: (repair, aside) => noted("undo", (script.undo ?? undone)(repair, aside)),
    record: (event) => {
      steps.push(`record ${event.kind}`);
      events.push(event);
      return Promise.resolve();
    },
  };
}

const keep = (repair: Repair): Promise<RawPath> => Promise.resolve(rawPath(`/aside${repair.path}`));
const wholly = (): Promise<ReadonlyMap<RawPath, string>> => Promise.resolve(new Map());
const asExpected = (): Promise<undefined> => Promise.resolve(undefined);
const undone = (): Promise<void> => Promise.resolve();

function healed(ports: HealPorts, paths = [path]): Promise<readonly HealOutcome[]> {
  return healPaths(paths, ports, { signal: new AbortController().signal });
}

describe("the healer", () => {
  test("waits for quiet, records, restores and proves (F1, F3, F4)", async () => {
    const ports = world({ rounds: [{ quietMs: 400 }, { quietMs: 2000 }] });
    expect(await healed(ports)).toMatchObject([{ kind: "healed", path, aside: undefined }]);
    expect(ports.steps).toEqual(["wait 1600", "record begun", "restore", "look", "record ended"]);
    expect(ports.events).toMatchObject([
      { kind: "begun", atMs: 1_001_600, paths: [path] },
      { kind: "ended", outcome: { kind: "healed", verdict: { reason: { rule: "H18" } } } },
    ]);
  });

  test("keeps a damaged version aside before it is replaced (F2)", async () => {
    const ports = world({ rounds: [{ now: emptied }] });
    expect(await healed(ports)).toMatchObject([{ kind: "healed", aside: `/aside${path}` }]);
    expect(ports.steps).toEqual(["record begun", "aside", "restore", "look", "record ended"]);
  });

  test("hands what is there to be replaced, and nothing when it is gone", async () => {
    const repairs: Repair[] = [];
    const restore: HealPorts["restore"] = (handed) => {
      repairs.push(...handed);
      return wholly();
    };
    await healed(world({ rounds: [{ now: emptied }], restore }));
    await healed(world({ rounds: [{ now: gone() }], restore }));
    expect(repairs.map((each) => each.replaces)).toEqual([emptied.entry, undefined]);
  });

  test.each([
    ["left", { isAccepted: true }],
    ["asked", { recentHeals: 3 }],
  ] as const)("touches nothing that is to be %s", async (kind, seen) => {
    const ports = world({ rounds: [seen] });
    expect(await healed(ports)).toMatchObject([{ kind }]);
    expect(ports.steps).toEqual(["record ended"]);
  });

  test("judges anew what came back while it waited (F1)", async () => {
    const back = { now: there(file(), { content: "same" as const }) };
    const ports = world({ rounds: [{ quietMs: 0 }, back] });
    expect(await healed(ports)).toMatchObject([{ kind: "left" }]);
    expect(ports.steps).not.toContain("restore");
  });

  test("judges anew what changed before it could be kept aside (F1, F2)", async () => {
    const written = { now: there(file({ mtimeNs: later, ctimeNs: later })) };
    const setAside: HealPorts["setAside"] = () => Promise.resolve(undefined);
    const ports = world({ rounds: [{ now: emptied }, written], setAside });
    expect(await healed(ports)).toMatchObject([{ kind: "left", verdict: { kind: "leave" } }]);
    expect(ports.steps).not.toContain("restore");
  });

  test("takes back what is not as expected, and says so (F3)", async () => {
    const undoes: (RawPath | undefined)[] = [];
    const ports = world({
      rounds: [{ now: emptied }],
      differs: () => Promise.resolve("its hash is another"),
      undo: (_repair, aside) => {
        undoes.push(aside);
        return Promise.resolve();
      },
    });
    expect(await healed(ports)).toMatchObject([{ kind: "undone", why: "its hash is another" }]);
    expect(undoes).toEqual([`/aside${path}`]);
  });

  test("a proof that cannot be made is none (F3)", async () => {
    const ports = world({ rounds: [{}], differs: () => Promise.reject(new Error("EIO")) });
    expect(await healed(ports)).toMatchObject([{ kind: "undone", why: "EIO" }]);
    expect(ports.steps).toContain("undo");
  });

  test("says where the damaged version lies when nothing can be taken back (F4)", async () => {
    const ports = world({
      rounds: [{ now: emptied }],
      differs: () => Promise.resolve("its hash is another"),
      undo: () => Promise.reject(new Error("EROFS")),
    });
    expect(await healed(ports)).toMatchObject([
      { kind: "stuck", why: "its hash is another; EROFS", aside: `/aside${path}` },
    ]);
  });

  test("nothing is replaced that could not be kept aside (F2, F4)", async () => {
    const setAside: HealPorts["setAside"] = () => Promise.reject(new Error("ENOSPC"));
    const ports = world({ rounds: [{ now: emptied }], setAside });
    expect(await healed(ports)).toMatchObject([{ kind: "failed", why: "ENOSPC" }]);
    expect(ports.steps).not.toContain("restore");
  });

  test("what one path fails for is no matter of the others (F4)", async () => {
    const other = rawPath("/source/production/other");
    const ports = world({
      rounds: [{}],
      restore: () => Promise.resolve(new Map([[path, "its blob is lost"]])),
    });
    expect(await healed(ports, [path, other])).toMatchObject([
      { kind: "failed", path, why: "its blob is lost" },
      { kind: "healed", path: other },
    ]);
    expect(ports.steps.filter((step) => step === "restore")).toHaveLength(1);
  });

  test("a restore that rejects fails all of its paths (F4)", async () => {
    const ports = world({ rounds: [{}], restore: () => Promise.reject(new Error("away")) });
    expect(await healed(ports)).toMatchObject([{ kind: "failed", why: "away" }]);
  });

  test("ends where nothing ever comes to rest (F5)", async () => {
    const busy = { now: { ...emptied, isOpenForWriting: true } };
    const ports = world({ rounds: [busy] });
    expect(await healed(ports)).toMatchObject([{ kind: "asked", verdict: { kind: "ask" } }]);
    const impatient = world({ rounds: [busy] });
    const signal = new AbortController().signal;
    const outcomes = await healPaths([path], impatient, { signal, rounds: 3 });
    expect(outcomes).toMatchObject([{ kind: "asked", verdict: { kind: "wait" } }]);
    expect(impatient.steps).toEqual(["wait 2000", "wait 2000", "record ended"]);
  });

  test("stops waiting when it is told to", async () => {
    const ports = world({ rounds: [{ quietMs: 0 }] });
    const outcomes = await healPaths([path], ports, { signal: AbortSignal.abort() });
    expect(outcomes).toMatchObject([{ kind: "asked", verdict: { reason: { rule: "H1" } } }]);
    expect(ports.steps).toEqual(["record ended"]);
  });

  test("a path that is named twice is healed once", async () => {
    expect(await healed(world({ rounds: [{}] }), [path, path])).toHaveLength(1);
  });
});
