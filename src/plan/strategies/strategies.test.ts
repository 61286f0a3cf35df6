import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../../config/index.ts";
import type { Failure, FailureType, ResourceId } from "../../model/index.ts";
import { createSlot, noteStarted, type Slot } from "../slots.ts";
import type { Context, Strategy } from "../strategy.ts";
import { strategies, strategyNamed } from "./index.ts";

const text = `
services:
  a:
    command: node a.js
    cwd: /srv/a
    stop: { grace: 7s, drain: 3s }
    start: { timeout: 20s }
    EXTRA
`;
const hooks = {
  reconnect: "reconnect: node reconnect.js",
  alternative: "alternative: { command: node switch.js, undo: node back.js }",
  clean: "clean: [{ root: /srv/a/cache, pattern: '*.tmp', older_than: 1h }]",
  rotate: "rotate: [a.log]",
};

interface Scene {
  /** Lines of the fleet file. */
  readonly keys?: string;
  readonly type?: FailureType;
  readonly resource?: ResourceId;
  readonly runs?: boolean;
  /** What is different about the slot. */
  readonly slot?: Partial<Slot>;
  readonly suspects?: readonly Slot[];
  /** Instances that get requests, itself among them. */
  readonly serving?: number;
}

function fleetOf(keys = ""): Fleet {
  const files = [{ path: "soulmirror.yaml", text: text.replace("EXTRA", keys) }];
  const hash = (each: string): string => `hash-${each.length}`;
  const loaded = loadFleet({ files, baseDir: "/srv", hash });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

function failureOf(type: FailureType, resource: ResourceId): Failure {
  const told = { detector: "d", sensor: "s", reason: "r", evidence: [] };
  return { id: "f", at: 0, resource, type, severity: "high", ...told };
}

function contextOf(scene: Scene = {}): Context {
  const { type = "hang", resource = "instance/a.1", runs = true } = scene;
  const fleet = fleetOf(scene.keys);
  const isOurs = resource === "instance/a.1";
  const slot = createSlot("a", 1);
  if (runs) run(slot);
  Object.assign(slot, scene.slot);
  return {
    fleet,
    failure: failureOf(type, resource),
    resource,
    service: isOurs ? fleet.services["a"] : undefined,
    spec: undefined,
    slot: isOurs ? slot : undefined,
    siblings: isOurs ? [slot, ...others(scene.serving)] : [],
    suspects: scene.suspects ?? [],
    crashesMax: fleet.budgets.crashes,
  };
}

function others(serving = 1): readonly Slot[] {
  return Array.from({ length: serving - 1 }, (_, index) => {
    const slot = createSlot("a", index + 2);
    run(slot);
    if (slot.run) slot.run.ready = true;
    return slot;
  });
}

function run(slot: Slot): void {
  const process = { pid: 7, startTicks: 1, bootId: "b" };
  const now = { wallMs: 0, monotonicMs: 0 };
  noteStarted(
    slot,
    { kind: "started", process, specHash: "h", adopted: false },
    { now, fleet: fleetOf() },
  );
}

function named(name: string): Strategy {
  const strategy = strategyNamed(name);
  if (strategy === undefined) throw new Error(`there is no strategy ${name}`);
  return strategy;
}

const against = (name: string, scene?: Scene) => named(name).against(contextOf(scene));
const kinds = (name: string, scene?: Scene): string[] =>
  named(name)
    .steps(contextOf(scene))
    .map(({ kind }) => kind);

describe("proxy_listen", () => {
  const told = (reason: string) => {
    const context = contextOf({ type: "proxy_listen", resource: "proxy/front" });
    return named("wait_for_port").against({
      ...context,
      failure: { ...context.failure, reason },
    });
  };

  it("waits for a port that somebody holds, and for nothing else", () => {
    expect(told("the proxy cannot listen for a: port 1 is held by pid 7 (nc)")).toBeUndefined();
    expect(told("the proxy cannot listen for a: listen EACCES 0.0.0.0:80")).toBeDefined();
  });
});

describe("every strategy", () => {
  /** Where each may be tried. */
  const scenes: Readonly<Record<string, Scene>> = {
    eject: { type: "not_ready", keys: "listen: 4100", serving: 2 },
    wait_for_port: { type: "port_conflict", runs: false },
    reconnect: { type: "check_failed", keys: hooks.reconnect },
    scale: { type: "slow", keys: "listen: 4100\n    scale: { max: 2 }" },
    rotate_logs: { type: "disk_exhaustion", keys: hooks.rotate },
    restart_cause: { type: "check_failed", suspects: [createSlot("a", 2)] },
    drain_restart: { type: "memory_exhaustion", keys: "listen: 4100" },
    clean: { type: "disk_exhaustion", keys: hooks.clean },
    switch_alternative: { type: "unreachable", keys: hooks.alternative },
    restart: { type: "hang" },
    restart_proxy: { type: "hang", resource: "proxy/front" },
    tend_vault: { type: "vault_damaged", resource: "vault/treasure" },
    rollback_config: { type: "crash_loop", slot: { goodHash: "good" } },
    quarantine: { type: "crash_loop", slot: { crashes: 10 } },
  };

  it("has a scene here", () => {
    expect(Object.keys(scenes).toSorted()).toEqual(strategies.map(({ name }) => name).toSorted());
  });

  it.each(strategies.map(({ name }) => name))("%s heals what its scene shows", (name) => {
    const strategy = named(name);
    const context = contextOf(scenes[name]);
    expect(strategy.against(context)).toBeUndefined();
    expect(strategy.heals[context.failure.type]).toBeGreaterThan(0);
    const steps = strategy.steps(context);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) expect(step.deadlineMs).toBeGreaterThan(0);
  });

  it.each(["restart", "drain_restart", "rollback_config", "quarantine", "wait_for_port"])(
    "%s leaves strangers alone",
    (name) => {
      expect(against(name, { resource: "http/site" })).toBeDefined();
      expect(named(name).steps(contextOf({ resource: "http/site" })).length).toBe(0);
    },
  );
});

describe("eject", () => {
  const scene = { type: "not_ready", keys: "listen: 4100", serving: 2 } as const;

  it("never takes the last one out of the rotation", () => {
    expect(against("eject", scene)).toBeUndefined();
    expect(against("eject", { ...scene, serving: 1 })).toContain("last one");
    const context = contextOf(scene);
    const [, other] = context.siblings;
    if (other) other.ejected = true;
    expect(named("eject").against(context)).toContain("last one");
  });

  it("has nothing to do without a proxy, for the dead, and twice", () => {
    expect(against("eject", { ...scene, keys: "" })).toContain("listen");
    expect(against("eject", { ...scene, runs: false })).toBeDefined();
    expect(against("eject", { ...scene, slot: { ejected: true } })).toContain("already");
  });

  it("is all that is known for what is not ready: nobody restarts it", () => {
    const known = strategies.filter(({ heals }) => heals.not_ready !== undefined);
    expect(known.map(({ name }) => name)).toEqual(["eject"]);
    expect(kinds("eject", scene)).toEqual(["eject"]);
  });
});

describe("dependency_down", () => {
  it("never restarts the one that suffers", () => {
    const known = strategies.filter(({ heals }) => heals.dependency_down !== undefined);
    expect(known.map(({ name }) => name)).toEqual([
      "reconnect",
      "restart_cause",
      "switch_alternative",
    ]);
  });
});

describe("restart", () => {
  it("starts what is dead at once", () => {
    expect(kinds("restart", { runs: false, type: "process_exited" })).toEqual(["start"]);
  });

  it("kills what is deaf without grace, and asks what is not", () => {
    const stopOf = (type: FailureType) =>
      named("restart")
        .steps(contextOf({ type }))
        .find(({ kind }) => kind === "stop");
    expect(kinds("restart")).toEqual(["eject", "stop", "start"]);
    expect(stopOf("hang")?.parameters).toMatchObject({ graceMs: 0, which: "all" });
    expect(stopOf("start_timeout")?.parameters).toMatchObject({ graceMs: 0 });
    expect(stopOf("stalled_work")?.parameters).toMatchObject({ graceMs: 7000, signal: "SIGTERM" });
  });

  it("respects the policy, the wish of a person and the number of crashes", () => {
    expect(against("restart", { keys: "restart: never" })).toBe("its restart policy is never");
    expect(against("restart", { slot: { desired: "stopped" } })).toBe("it is to be stopped");
    expect(against("restart", { slot: { crashes: 10 } })).toContain("crashed 10 times");
    expect(against("restart", { slot: { crashes: 9 } })).toBeUndefined();
  });

  it("starts the spec that a rollback has pinned", () => {
    const scene: Scene = { runs: false, slot: { pinnedHash: "good" } };
    expect(named("restart").steps(contextOf(scene))[0]?.parameters["specHash"]).toBe("good");
  });
});

describe("drain_restart", () => {
  const keys = "listen: 4100";

  it("starts the successor beside the old one, which goes only when that serves", () => {
    const steps = named("drain_restart").steps(contextOf({ keys }));
    expect(steps.map(({ kind }) => kind)).toEqual(["start", "ready", "drain", "stop"]);
    expect(steps[0]?.parameters["beside"]).toBe(true);
    expect(steps[1]?.deadlineMs).toBe(20_000);
    expect(steps[2]?.parameters).toEqual({ which: "previous", drainMs: 3000 });
    expect(steps[3]?.parameters["which"]).toBe("previous");
    expect(steps.filter(({ optional }) => optional)).toEqual([]);
  });

  it("needs a port of its own, a process that runs and that answers", () => {
    expect(against("drain_restart")).toContain("without `listen`");
    expect(against("drain_restart", { keys, runs: false })).toContain("nothing runs");
    expect(against("drain_restart", { keys, type: "hang" })).toContain("does not answer");
    expect(against("drain_restart", { keys, type: "check_failed" })).toBeUndefined();
  });
});

describe("rollback_config", () => {
  it("needs another configuration that was good", () => {
    expect(against("rollback_config")).toContain("no configuration has had a healthy run");
    const present = fleetOf().services["a"]?.hash;
    expect(against("rollback_config", { slot: { goodHash: present } })).toContain(
      "the last good configuration is the present one",
    );
  });

  it("runs the good one, and is taken back when it does not help", () => {
    const scene: Scene = { slot: { goodHash: "good" } };
    expect(kinds("rollback_config", scene)).toEqual(["stop", "start"]);
    expect(kinds("rollback_config", { ...scene, runs: false })).toEqual(["start"]);
    const start = named("rollback_config").steps(contextOf(scene)).at(-1);
    expect(start?.parameters["specHash"]).toBe("good");
    expect(named("rollback_config").reverts).toBe(true);
  });
});

describe("quarantine", () => {
  it("waits for so many crashes, is the end, and stops what runs", () => {
    expect(against("quarantine", { slot: { crashes: 9 } })).toContain("9 crashes in a row");
    expect(named("quarantine").terminal).toBe(true);
    expect(kinds("quarantine")).toEqual(["stop"]);
    expect(kinds("quarantine", { runs: false })).toEqual([]);
  });
});

describe("wait_for_port", () => {
  it("asks again for an hour, and never kills the holder", () => {
    const [step, ...more] = named("wait_for_port").steps(contextOf({ runs: false }));
    expect(more).toEqual([]);
    expect(step).toMatchObject({ kind: "start", patienceMs: 3_600_000 });
    const proxy: Scene = { type: "port_conflict", resource: "proxy/front" };
    expect(against("wait_for_port", proxy)).toBeUndefined();
    const context = contextOf(proxy);
    const failure = { ...context.failure, part: "shop" };
    expect(named("wait_for_port").steps({ ...context, failure })).toMatchObject([
      { kind: "listen", parameters: { service: "shop" } },
    ]);
  });
});

describe("scale", () => {
  const keys = "listen: 4100\n    scale: { max: 2 }";

  it("adds the next instance and waits until it is ready", () => {
    const steps = named("scale").steps(contextOf({ keys }));
    expect(steps.map(({ kind, resource }) => `${kind} ${resource}`)).toEqual([
      "start instance/a.2",
      "ready instance/a.2",
    ]);
    expect(named("scale").reverts).toBe(true);
  });

  it("stays within what is allowed, and counts only what is to run", () => {
    expect(against("scale")).toContain("only services with `listen`");
    expect(against("scale", { keys: "listen: 4100" })).toContain("has its 1 instances");
    const context = contextOf({ keys });
    const second = createSlot("a", 2);
    expect(
      named("scale").against({ ...context, siblings: [createSlot("a", 1), second] }),
    ).toContain("has its 2 instances");
    second.desired = "stopped";
    expect(
      named("scale").against({ ...context, siblings: [createSlot("a", 1), second] }),
    ).toBeUndefined();
  });
});

describe("restart_cause", () => {
  it("restarts what is suspected, not what complains", () => {
    expect(against("restart_cause")).toContain("nothing that it needs is under suspicion");
    const steps = named("restart_cause").steps(contextOf({ suspects: [createSlot("a", 2)] }));
    expect(steps.map(({ kind, resource }) => `${kind} ${resource}`)).toEqual([
      "stop instance/a.2",
      "start instance/a.2",
    ]);
  });
});

describe("hooks", () => {
  it.each(["reconnect", "switch_alternative", "clean", "rotate_logs"])(
    "%s needs its declaration",
    (name) => {
      expect(against(name)).toMatch(/^no `\w+`.* declared$/);
    },
  );

  it("are named in the plan, and nothing of what they say is in it", () => {
    const [step] = named("reconnect").steps(contextOf({ keys: hooks.reconnect }));
    expect(step).toEqual({
      kind: "command",
      resource: "instance/a.1",
      parameters: { hook: "service/a#reconnect" },
      deadlineMs: 10_500,
    });
    const spec = fleetOf(`reconnect: http://u:hunter2@127.0.0.1:1/hunter2`).services["a"];
    const resource = { id: "http/site", hooks: spec?.hooks } as Context["spec"];
    const context = { ...contextOf({ resource: "http/site" }), spec: resource };
    expect(named("reconnect").steps(context)).toMatchObject([
      { kind: "webhook", parameters: { hook: "http/site#reconnect" } },
    ]);
  });

  it("are undone also when they failed half-way, if they declare an undo", () => {
    const keys =
      "commands: { flush: { command: node flush.js, undo: node unflush.js } }\n" +
      "    webhooks: { go: { url: http://127.0.0.1:1/go, undo_url: http://127.0.0.1:1/back } }";
    for (const name of ["command:flush", "webhook:go"]) {
      const [step] = named(name).steps(contextOf({ keys }));
      const hook = `service/a#${name.replace(":", "s.")}`;
      expect(step).toMatchObject({ parameters: { hook }, undo: { hook } });
    }
  });

  it("are irreversible without an undo, unless the file says that they need none", () => {
    const irreversible = (keys: string): boolean =>
      named("switch_alternative").irreversible(contextOf({ keys }));
    expect(irreversible(hooks.alternative)).toBe(false);
    expect(irreversible("alternative: node switch.js")).toBe(true);
    expect(irreversible("alternative: { command: node switch.js, reversible: true }")).toBe(false);
    expect(named("clean").irreversible(contextOf())).toBe(true);
  });

  it("rotate the declared files", () => {
    expect(named("rotate_logs").steps(contextOf({ keys: hooks.rotate }))).toMatchObject([
      { kind: "rotate", parameters: { keep: 5, cwd: "/srv/a" } },
    ]);
  });

  it("have names of their own as strategies", () => {
    const keys =
      "commands: { flush: { command: node flush.js, undo: node unflush.js } }\n" +
      "    webhooks: { page: http://127.0.0.1:1/page }";
    expect(against("command:flush", { keys })).toBeUndefined();
    expect(kinds("command:flush", { keys })).toEqual(["command"]);
    expect(named("command:flush").irreversible(contextOf({ keys }))).toBe(false);
    expect(kinds("webhook:page", { keys })).toEqual(["webhook"]);
    expect(named("webhook:page").irreversible(contextOf({ keys }))).toBe(true);
    expect(against("command:gone", { keys })).toBe('no command "gone" is declared');
    expect(strategyNamed("shell:flush")).toBeUndefined();
  });
});

describe("names", () => {
  it("may be aliases", () => {
    expect(strategyNamed("failover")?.name).toBe("switch_alternative");
    expect(strategyNamed("restart_rolling")?.name).toBe("drain_restart");
    expect(strategyNamed("pray")).toBeUndefined();
  });
});
