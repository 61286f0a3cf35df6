/** V1 to V4 by a clock that tests move; on real servers: test/integration/engine-recovery. */
import { afterEach, describe, expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";
import type { Notice } from "../events.ts";
import type {
  FailureEvent,
  RecoveryResult,
  RecoveryStore,
  RecoveryStrategy,
} from "../recovery/index.ts";
import { memoryRecoveryStore } from "../recovery/index.ts";

const engines: InfrastructureReliabilityEngine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close().catch(() => {});
});

function benchOf(options: EngineOptions = {}, tools = new ManualTools()) {
  const engine = new InfrastructureReliabilityEngine({ autoRetry: false, ...options }, tools);
  engines.push(engine);
  const notices: Notice[] = [];
  engine.on("recovery", (told) => void notices.push(told));
  return { tools, engine, notices };
}

function toolsWithTimersAt(share: number): ManualTools {
  const tools = new ManualTools();
  const { timers } = tools;
  return Object.assign(tools, {
    background: { after: (ms: number, run: () => void) => timers.after(ms * share, run) },
  });
}

class Mail {
  isDown = false;
  reconnects = 0;
  heals = true;

  async send(): Promise<string> {
    if (this.isDown) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    return "sent";
  }

  reconnect(): void {
    this.reconnects += 1;
    if (this.heals) this.isDown = false;
  }
}

async function fail(mail: Mail, times: number): Promise<void> {
  for (let call = 0; call < times; call += 1) await mail.send().catch(() => {});
}

function strategyOf(seen: FailureEvent[]): RecoveryStrategy {
  return {
    name: "note",
    applicableFailureTypes: ["connection_refused"],
    priority: 1,
    execute: (failure) => {
      seen.push(failure);
      return { success: true, isProof: true, message: "noted" };
    },
  };
}

describe("a service that cannot be asked", () => {
  test("is healed when its circuit opens, and a call that succeeds is the evidence (V3)", async () => {
    const { tools, engine, notices } = benchOf();
    const raw = new Mail();
    const mail = engine.registerService("mail", raw);
    raw.isDown = true;
    await fail(mail, 4);
    await tools.advance(2000);
    expect(raw.reconnects).toBe(0);
    await fail(mail, 1);
    await tools.advance(500);
    expect(raw.reconnects).toBe(1);
    expect(notices).toEqual([]);
    expect(await mail.send()).toBe("sent");
    await tools.advance(500);
    expect(notices).toMatchObject([{ message: "mail is well again: reconnect has healed it" }]);
  });

  test("and whose calls go on to fail is not called healed", async () => {
    const { tools, engine, notices } = benchOf();
    const raw = new Mail();
    const mail = engine.registerService("mail", raw);
    raw.isDown = true;
    raw.heals = false;
    await fail(mail, 5);
    await tools.advance(1000);
    await fail(mail, 5);
    await tools.advance(40_000);
    expect(notices[0]).toMatchObject({ details: { kind: "unresolved" } });
  });
});

describe("a service that can be asked", () => {
  const check = (raw: Mail) => () => (raw.isDown ? "unhealthy" : "healthy");

  test("is asked first: what was a passing failure does nothing (V3)", async () => {
    const { tools, engine, notices } = benchOf();
    const raw = new Mail();
    const mail = engine.registerService("mail", raw, { check: check(raw) });
    raw.isDown = true;
    await fail(mail, 1);
    raw.isDown = false;
    await tools.advance(5000);
    expect([raw.reconnects, notices.length]).toEqual([0, 0]);
  });

  test("is healed when only its check says that it is ill, with no call at all", async () => {
    const { tools, engine, notices } = benchOf();
    const raw = new Mail();
    engine.registerService("mail", raw, { check: check(raw) });
    raw.isDown = true;
    engine.health.unregister("disk");
    await tools.advance(31_000);
    expect(raw.reconnects).toBe(1);
    expect(notices).toMatchObject([{ details: { kind: "resolved" } }]);
    const { failures } = await engine.recovery.records();
    expect(failures).toMatchObject([
      { failureType: "service_unavailable", detectionMethod: "health_check", resolved: true },
    ]);
  });

  test.each([
    ["are exact", 1],
    ["fire a moment before the clock says so", 0.999],
  ])("is tried again ever later while nothing helps, by timers that %s (V2)", async (_, share) => {
    const { tools, engine } = benchOf({}, toolsWithTimersAt(share));
    const raw = new Mail();
    const reconnects: number[] = [];
    const recovery = {
      reconnect: () => {
        reconnects.push(tools.monotonicMs());
        throw new Error("nobody there");
      },
    };
    const mail = engine.registerService("mail", raw, { check: check(raw), recovery });
    raw.isDown = true;
    await fail(mail, 50);
    await tools.advance(16_000);
    expect(reconnects.map((atMs) => Math.round(atMs / 1000))).toEqual([0, 1, 3, 7, 15]);
    raw.isDown = false;
    await tools.advance(100_000);
    expect(reconnects).toHaveLength(5);
  });

  test("gets its means in the order of its settings, each undone by the next", async () => {
    const { tools, engine } = benchOf();
    const raw = new Mail();
    const done: string[] = [];
    const recovery = {
      reconnect: () => void done.push("reconnect"),
      restart: () => {
        done.push("restart");
        throw new Error("not allowed");
      },
      failover: () => {
        done.push("failover");
        raw.isDown = false;
      },
    };
    const recoveryStrategy = ["restart", "failover", "reconnect"];
    const options = { check: check(raw), recovery, recoveryStrategy };
    const mail = engine.registerService("mail", raw, options);
    raw.isDown = true;
    await fail(mail, 1);
    await tools.advance(1000);
    expect(done).toEqual(["restart", "failover"]);
  });
});

describe("strategies of one's own", () => {
  test("get the failures of wrapped services, one of a storm, with who asked (V2)", async () => {
    const { tools, engine } = benchOf();
    const seen: FailureEvent[] = [];
    engine.recovery.registerStrategy(strategyOf(seen));
    const raw = new Mail();
    const mail = engine.wrap("mail", raw);
    raw.isDown = true;
    await fail(mail, 100);
    expect(seen).toEqual([]);
    await tools.advance(500);
    expect(seen).toMatchObject([
      { affectedService: "mail", failureType: "connection_refused", errorMessage: "refused" },
    ]);
    expect(raw.reconnects).toBe(0);
  });

  test("that throw harm nobody, and the next failure is handed over again", async () => {
    const { tools, engine, notices } = benchOf();
    engine.recovery.registerStrategy({
      ...strategyOf([]),
      execute: () => {
        throw new Error("password=hunter2");
      },
    });
    const raw = new Mail();
    const mail = engine.wrap("mail", raw);
    raw.isDown = true;
    await fail(mail, 3);
    await tools.advance(1500);
    await fail(mail, 1);
    await tools.advance(500);
    expect(notices.map(({ details }) => details?.["kind"])).toEqual(["unresolved", "unresolved"]);
  });
});

const lateFailure: FailureEvent = {
  failureCategory: "external_dependency",
  failureType: "timeout",
  severity: "low",
  affectedService: "late",
  detectionMethod: "exception",
};

describe("the record", () => {
  test("has every failure of a wrapped service, where somebody keeps it", async () => {
    const { tools, engine } = benchOf({ recoveries: memoryRecoveryStore() });
    const raw = new Mail();
    const mail = engine.wrap("mail", raw);
    raw.isDown = true;
    await fail(mail, 9);
    await tools.advance(500);
    const { failures } = await engine.recovery.records();
    expect(failures).toMatchObject([{ affectedService: "mail", resolved: false }]);
  });

  test("has what failed just before the end, and is never opened again (V5)", async () => {
    const memory = memoryRecoveryStore();
    const order: string[] = [];
    const store: RecoveryStore = {
      ...memory,
      putFailure: async (row) => {
        order.push(row.affectedService);
        await memory.putFailure(row);
      },
      putAction: async (row) => void order.push(row.status),
      close: () => void order.push("closed"),
    };
    const { tools, engine } = benchOf({ recoveries: store });
    const raw = new Mail();
    raw.isDown = true;
    const mail = engine.wrap("mail", raw);
    await fail(mail, 1);
    const closed = engine.close();
    await fail(mail, 1);
    await tools.advance(10_000);
    await closed;
    expect(order).toEqual(["mail", "closed"]);
    engine.recovery.handleFailure(lateFailure);
    await tools.advance(10_000);
    expect(order).toEqual(["mail", "closed"]);
  });

  test("is not written by a recovery that was under way at the end (V5)", async () => {
    const order: string[] = [];
    const store: RecoveryStore = {
      ...memoryRecoveryStore(),
      putAction: async (row) => void order.push(row.status),
      close: () => void order.push("closed"),
    };
    const { tools, engine } = benchOf({ recoveries: store });
    const done = Promise.withResolvers<RecoveryResult>();
    const slow: RecoveryStrategy = {
      name: "slow",
      applicableFailureTypes: ["connection_refused"],
      priority: 1,
      execute: () => done.promise,
    };
    engine.recovery.registerStrategy(slow);
    const raw = new Mail();
    raw.isDown = true;
    await fail(engine.wrap("mail", raw), 1);
    await tools.advance(10);
    expect(order).toEqual(["initiated"]);
    const closed = engine.close();
    await tools.advance(10_000);
    await closed;
    done.resolve({ success: true, isProof: true, message: "late" });
    await tools.advance(10_000);
    expect(order).toEqual(["initiated", "closed"]);
  });

  test("that does not answer does not keep the engine from closing", async () => {
    const never = new Promise<void>(() => {});
    const silent: RecoveryStore = {
      ...memoryRecoveryStore(),
      putFailure: () => never,
    };
    const { tools, engine } = benchOf({ recoveries: silent });
    const raw = new Mail();
    raw.isDown = true;
    await fail(engine.wrap("mail", raw), 1);
    await tools.advance(10);
    let isClosed = false;
    void engine.close().then(() => (isClosed = true));
    await tools.advance(2500);
    expect(isClosed).toBe(true);
  });
});
