/** Where circuits are remembered, as the options of an engine say. */
import type { Tools } from "../../resilience/index.ts";
import { BreakerMemory, type BreakerStateStore, fileStateStore } from "../breaker-states/index.ts";
import type { EngineEventHub } from "../events.ts";
import { tellOrWarn } from "./tell-or-warn.ts";

export function memoryOf(
  states: BreakerStateStore | string | undefined,
  events: EngineEventHub,
  tools: Tools,
): BreakerMemory {
  const told = tellOrWarn(events, "state");
  // Whoever made the engine can listen by then.
  const tell = (message: string): void =>
    queueMicrotask(() => told({ subject: "breaker states", message }));
  const store = typeof states === "string" ? fileStateStore(states, tools) : states;
  return new BreakerMemory({ tools, ...(store === undefined ? {} : { store }), tell });
}
