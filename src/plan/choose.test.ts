import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { type ExperienceBook, type FailureType, recordVerdict } from "../model/index.ts";
import { choose, type Past } from "./choose.ts";
import { createSlot, noteStarted } from "./slots.ts";
import type { Context } from "./strategy.ts";

const hooks = `
    reconnect: node reconnect.js
    alternative: { command: node switch.js, undo: node back.js }
    commands: { flush: { command: node flush.js, undo: node unflush.js } }`;

function fleetOf(keys: string): Fleet {
  const text = `services:\n  a:\n    command: node a.js\n    listen: 4100\n    ${keys}`;
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

function contextOf(type: FailureType, keys = ""): Context {
  const fleet = fleetOf(keys);
  const slot = createSlot("a", 1);
  const process = { pid: 7, startTicks: 1, bootId: "b" };
  const now = { wallMs: 0, monotonicMs: 0 };
  noteStarted(slot, { kind: "started", process, specHash: "h", adopted: false }, { now, fleet });
  const told = { detector: "d", sensor: "s", reason: "it fails", evidence: [] };
  return {
    fleet,
    failure: { id: "f", at: 0, resource: slot.resource, type, severity: "high", ...told },
    resource: slot.resource,
    service: fleet.services["a"],
    spec: undefined,
    slot,
    siblings: [slot],
    suspects: [],
    crashesMax: 10,
  };
}

/** What is chosen one after the other when nothing helps. */
function order(context: Context, count: number, book: ExperienceBook = new Map()): string[] {
  const tried: string[] = [];
  while (tried.length < count) {
    const { strategy } = choose(context, { book, tried, at: 0 });
    if (strategy === undefined) break;
    tried.push(strategy.name);
  }
  return tried;
}

const none: Past = { book: new Map(), tried: [], at: 0 };

describe("choose", () => {
  it("takes what heals the failure, in its turn", () => {
    expect(order(contextOf("check_failed", hooks.trim()), 3)).toEqual([
      "reconnect",
      "switch_alternative",
      "drain_restart",
    ]);
    expect(order(contextOf("memory_exhaustion"), 1)).toEqual(["drain_restart"]);
  });

  it("does not speak of what could never be tried", () => {
    const { slot: _, service: __, ...instance } = contextOf("unreachable");
    const context = {
      ...instance,
      resource: "tcp/db",
      slot: undefined,
      service: undefined,
    } as const;
    expect(choose(context, none)).toEqual({
      strategy: undefined,
      reason:
        "reconnect: no `reconnect` hook is declared; switch_alternative: no `alternative` is declared",
    });
    const { reason } = choose({ ...context, failure: { ...context.failure, type: "hang" } }, none);
    expect(reason).toBe("nothing is known that heals hang of tcp/db");
    const gone = choose(contextOf("process_exited", "restart: never"), none);
    expect(gone).toMatchObject({
      strategy: undefined,
      reason: expect.stringContaining("never") as string,
    });
    expect(gone.reason).not.toContain("proxy");
  });

  it("does not speak of what could never be tried, though it is declared", () => {
    const fleet = fleetOf("\nresources: { tcp/db: { port: 5432, recovery_strategy: [restart] } }");
    const { slot: _, service: __, ...instance } = contextOf("unreachable");
    const spec = fleet.resources["tcp/db"];
    const noInstance = { slot: undefined, service: undefined };
    const context = { ...instance, ...noInstance, resource: "tcp/db", spec } as const;
    const { reason } = choose(context, none);
    expect(reason).toContain("reconnect");
    expect(reason).not.toContain("restart");
  });

  it("switches to the alternative what does not get ready, when nothing of its own helps", () => {
    const context = contextOf("start_timeout", "alternative: { command: a, undo: b }");
    expect(choose(context, none).strategy?.name).toBe("restart");
    const past = { ...none, tried: ["restart", "rollback_config"] };
    expect(choose(context, past).strategy?.name).toBe("switch_alternative");
  });

  it("puts into quarantine again what had been there before", () => {
    const slot = { ...createSlot("a", 1), crashes: 10 };
    for (const keys of ["", "recovery_strategy: [restart, quarantine, escalate]"]) {
      const context = { ...contextOf("crash_loop", keys), slot };
      const past = { ...none, tried: ["restart", "quarantine"] };
      expect(choose(context, past).strategy?.name).toBe("quarantine");
    }
  });

  it("takes what the fleet file names first, in its order", () => {
    const keys = `recovery_strategy: [failover, reconnect]${hooks}`;
    expect(order(contextOf("check_failed", keys), 3)).toEqual([
      "switch_alternative",
      "reconnect",
      "drain_restart",
    ]);
  });

  it("passes over what is named and does not heal this failure", () => {
    const keys = `recovery_strategy: [reconnect, restart]${hooks}`;
    expect(order(contextOf("hang", keys), 1)).toEqual(["restart"]);
  });

  it("takes a named command for any failure", () => {
    const keys = `recovery_strategy: ["command:flush"]${hooks}`;
    expect(order(contextOf("hang", keys), 2)).toEqual(["command:flush", "restart"]);
  });

  it("understands `restart` as: without losing requests where that is possible", () => {
    const keys = "recovery_strategy: restart";
    expect(order(contextOf("memory_exhaustion", keys), 1)).toEqual(["drain_restart"]);
    expect(order(contextOf("hang", keys), 1)).toEqual(["restart"]);
    expect(order(contextOf("port_conflict", keys), 1)).toEqual(["wait_for_port"]);
  });

  it("tries nothing twice that may not be repeated, and goes on with what may", () => {
    const tried = order(contextOf("check_failed", hooks.trim()), 8);
    expect(tried.filter((name) => name === "reconnect")).toHaveLength(1);
    expect(tried.filter((name) => name === "switch_alternative")).toHaveLength(1);
    expect(tried.slice(-2).toSorted()).toEqual(["drain_restart", "restart"]);
  });

  it("learns: what has failed before is tried later, what has helped earlier", () => {
    const book: ExperienceBook = new Map();
    const signature = "instance/a.1:check_failed";
    for (let count = 0; count < 8; count += 1) {
      recordVerdict(book, { signature, strategy: "reconnect" }, { healed: false, at: 0 });
      recordVerdict(book, { signature, strategy: "switch_alternative" }, { healed: true, at: 0 });
    }
    expect(order(contextOf("check_failed", hooks.trim()), 3, book)).toEqual([
      "switch_alternative",
      "drain_restart",
      "reconnect",
    ]);
  });

  it("explains the choice", () => {
    const context = contextOf("check_failed", hooks.trim());
    expect(choose(context, none).reason).toBe(
      "reconnect for check_failed (the first that applies): it fails",
    );
    const book: ExperienceBook = new Map();
    const key = { signature: "instance/a.1:check_failed", strategy: "switch_alternative" };
    for (let count = 0; count < 8; count += 1) recordVerdict(book, key, { healed: true, at: 0 });
    expect(choose(context, { book, tried: ["reconnect"], at: 0 }).reason).toBe(
      "switch_alternative for check_failed (the first that applies, after reconnect); " +
        "it helped 90 % of the time before: it fails",
    );
    const named = contextOf("check_failed", `recovery_strategy: reconnect${hooks}`);
    expect(choose(named, none).reason).toContain("(declared)");
  });

  it("explains why there is none", () => {
    expect(choose(contextOf("clock_jump"), none)).toEqual({
      strategy: undefined,
      reason: "nothing is known that heals clock_jump of instance/a.1",
    });
    const { strategy, reason } = choose(contextOf("disk_exhaustion"), none);
    expect(strategy).toBeUndefined();
    expect(reason).toBe(
      "rotate_logs: no `rotate` files are declared; clean: no `clean` paths are declared",
    );
  });

  describe("an order that ends with escalate", () => {
    it("tries each of the named once, and nothing else", () => {
      const context = contextOf(
        "check_failed",
        `recovery_strategy: [reconnect, restart, escalate]${hooks}`,
      );
      expect(order(context, 9)).toEqual(["reconnect", "drain_restart", "restart"]);
      const { reason } = choose(context, {
        ...none,
        tried: ["reconnect", "drain_restart", "restart"],
      });
      expect(reason).toMatch(/^the declared order ends with escalate: .*restart: tried already/);
    });

    it("tries nothing when it names nothing else, or nothing that heals", () => {
      expect(order(contextOf("check_failed", "recovery_strategy: escalate"), 9)).toEqual([]);
      const scaling = "recovery_strategy: [scale, escalate]";
      expect(order(contextOf("check_failed", scaling), 9)).toEqual([]);
    });

    it("leaves the restart policy alone, unless it names what to do about a process that is gone", () => {
      const silent = contextOf(
        "process_exited",
        "recovery_strategy: [reconnect, escalate]\n    reconnect: x",
      );
      // A hook of the fleet file is no way to bring up what does not run.
      expect(order(silent, 2)).toEqual(["restart", "restart"]);
      const said = contextOf("process_exited", "recovery_strategy: [restart, escalate]");
      expect(order(said, 9)).toEqual(["restart"]);
    });

    it("keeps requests away from what is not ready", () => {
      const context = contextOf(
        "not_ready",
        "recovery_strategy: [restart, escalate]\n    instances: 2",
      );
      const other = createSlot("a", 2);
      Object.assign(other, { run: { ...context.slot?.run, ready: true } });
      const { strategy } = choose({ ...context, siblings: [other] }, none);
      expect(strategy?.name).toBe("eject");
    });
  });
});
