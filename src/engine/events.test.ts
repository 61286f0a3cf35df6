import { expect, test } from "vitest";
import { ManualTools } from "../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "./engine.ts";
import { EngineEventHub } from "./events.ts";

const notice = { subject: "it", message: "is told" };

test("who listens twice hears twice, and takes one away at a time (E3)", () => {
  const hub = new EngineEventHub();
  let heard = 0;
  const listener = (): unknown => (heard += 1);
  const first = hub.on("state", listener);
  hub.on("state", listener);
  hub.emit("state", notice);
  expect(heard).toBe(2);
  first();
  first();
  hub.emit("state", notice);
  expect(heard).toBe(3);
  hub.off("state", listener);
  expect(hub.has("state")).toBe(false);
});

test("a name that is no event is refused with the one that was meant", async () => {
  const engine = new InfrastructureReliabilityEngine({}, new ManualTools());
  const on = engine.on.bind(engine) as (name: string, listener: () => void) => unknown;
  expect(() => on("retrys", () => {})).toThrow(
    expect.objectContaining({
      code: "OPTIONS_INVALID",
      message: expect.stringContaining("retrys") as string,
      fix: expect.stringContaining('did you mean "retry"?') as string,
    }),
  );
  await engine.close();
});
