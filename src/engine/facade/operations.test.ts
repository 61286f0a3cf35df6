/** Whose an operation is, however it was asked for first. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type BreakerStateStore, memoryStateStore } from "../breaker-states/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

const settings = {
  services: {
    mail: { timeout: 5000, methods: { send: { timeout: 50, autoRetry: false } } },
  },
} as const;

function ground(breakerStates?: BreakerStateStore) {
  const tools = new ManualTools();
  const more = breakerStates === undefined ? {} : { breakerStates };
  const engine = new InfrastructureReliabilityEngine({ ...settings, ...more }, tools);
  let calls = 0;
  const raw = {
    async send(): Promise<void> {
      calls += 1;
      await new Promise<void>((resolve) => tools.timers.after(1000, resolve));
    },
  };
  const made = (): number => calls;
  return { tools, engine, raw, made };
}

test("an isolation that comes before the first call holds for it, and its method is planned as itself", async () => {
  const { tools, engine, raw, made } = ground();
  const release = engine.isolate("mail.send", "mail is moved");
  const mail = engine.wrap("mail", raw);
  await expect(mail.send()).rejects.toThrow("isolated (mail is moved)");
  expect(made()).toBe(0);
  release();
  const answer = mail.send().catch((error: unknown) => error);
  await tools.advance(2000);
  expect(await answer).toMatchObject({ code: "CALL_TIMEOUT", timeoutMs: 50 });
  expect([...engine.operations()].map(({ name, calls }) => `${name} ${calls}`)).toEqual([
    "mail.send 2",
  ]);
});

test("so is one that was measured under its whole name before, and settings of its service reach it", async () => {
  const { tools, engine, raw } = ground();
  engine.meter("mail.send").begin().succeed();
  const mail = engine.wrap("mail", raw, {
    fallback: () => "from the cache",
    methods: { send: { timeout: 70 } },
  });
  const answer = mail.send();
  await tools.advance(2000);
  expect(await answer).toBe("from the cache");
  engine.wrap("mail", raw, { methods: { send: { timeout: 90 } } });
  const seen: unknown[] = [];
  engine.on("timeout", ({ decision }) => void seen.push(decision.timeoutMs));
  void mail.send();
  await tools.advance(2000);
  expect(seen).toEqual([90]);
});

test("who isolates releases only what is his own, however often", async () => {
  const { engine, raw } = ground();
  const mail = engine.wrap("mail", raw);
  const [one, two] = [engine.isolate("mail.send", "one"), engine.isolate("mail.send", "two")];
  await expect(mail.send()).rejects.toThrow("isolated (two)");
  one();
  one();
  await expect(mail.send()).rejects.toThrow("isolated (two)");
  two();
  engine.isolate("mail.send", "three");
  one();
  await expect(mail.send()).rejects.toThrow("isolated (three)");
});

test("an isolation that was saved holds for the first call after a restart", async () => {
  const store = memoryStateStore(new ManualTools());
  const before = ground(store);
  before.engine.isolate("mail.send", "mail is moved");
  await before.engine.close();
  const { tools, engine, raw, made } = ground(store);
  const mail = engine.wrap("mail", raw);
  await expect(mail.send()).rejects.toThrow("isolated (it was isolated before the restart)");
  expect(made()).toBe(0);
  engine.isolate("mail.send", "as before")();
  const answer = mail.send().catch((error: unknown) => error);
  await tools.advance(2000);
  expect(await answer).toMatchObject({ code: "CALL_TIMEOUT", timeoutMs: 50 });
});
