/**
 * All operations of one engine: made when they are first called, planned from the settings, and
 * planned anew when those change.
 */
import { type Classify, RetryBudget, type Tools } from "../../resilience/index.ts";
import type { BreakerMemory } from "../breaker-states/index.ts";
import { type CallPlan, type Fallback, planCalls } from "../core/call-plan.ts";
import { Deadlines } from "../core/deadlines.ts";
import { OperationCore, type Shared } from "../core/operation-core.ts";
import { Pulse } from "../core/pulse.ts";
import type { SamplingMode } from "../core/sampling.ts";
import type { EngineEventHub } from "../events.ts";
import type { OperationReport } from "../operation.ts";
import type { EngineSettings, OperationSettings } from "../settings/index.ts";

/** More than that share one, so that names made of data cannot fill the memory. */
const operationsMax = 200_000;
const sharedName = "other";

export interface OperationsParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  readonly classify: Classify;
  readonly sampling: SamplingMode;
  readonly memory: BreakerMemory;
  readonly settings: () => EngineSettings;
}

interface Operated {
  readonly core: OperationCore;
  readonly service: string;
  readonly method: string | undefined;
}

export class Operations {
  readonly #parts: OperationsParts;
  readonly #shared: Shared;
  readonly #operated = new Map<string, Operated>();
  readonly #budgets = new Map<string, RetryBudget>();
  readonly #fallbacks = new Map<string, Fallback>();

  constructor(parts: OperationsParts) {
    const { tools, events, classify, sampling, memory } = parts;
    this.#parts = parts;
    const deadlines = new Deadlines(tools.background, tools.monotonicMs);
    const pulse = new Pulse(tools);
    const moved = memory.moved.bind(memory);
    this.#shared = { tools, events, classify, sampling, deadlines, pulse, moved };
  }

  *[Symbol.iterator](): Iterator<OperationCore> {
    for (const { core } of this.#operated.values()) yield core;
  }

  /** Of all operations together. */
  get calls(): number {
    let calls = 0;
    for (const { core } of this.#operated.values()) calls += core.counts.calls;
    return calls;
  }

  /** The reports of those that were called most. */
  busiest(max: number): readonly OperationReport[] {
    const called = [...this].filter(({ counts }) => counts.calls > 0);
    const first = called.toSorted((a, b) => b.counts.calls - a.counts.calls).slice(0, max);
    return first.map((operation) => operation.report());
  }

  placeOf(name: string): Pick<Operated, "service" | "method"> | undefined {
    const found = this.#operated.get(name);
    return found && { service: found.service, method: found.method };
  }

  get(name: string): OperationCore | undefined {
    return this.#operated.get(name)?.core;
  }

  /** That of a service's method, or of a service that is a function. */
  of(service: string, method?: string): OperationCore {
    const name = method === undefined ? service : `${service}.${method}`;
    const known = this.#operated.get(name);
    if (known !== undefined) return known.core;
    if (this.#operated.size >= operationsMax && name !== sharedName) return this.of(sharedName);
    const { memory } = this.#parts;
    const plan = this.#plan(service, method);
    const core = new OperationCore(name, this.#shared, plan);
    this.#operated.set(name, { core, service, method });
    memory.adopt(name, core.breaker, plan.timeoutMs);
    return core;
  }

  fallBack(service: string, fallback: Fallback): void {
    this.#fallbacks.set(service, fallback);
    this.replan(new Set([service]));
  }

  /** The settings have changed: of these services, or of all. */
  replan(services?: ReadonlySet<string>): void {
    for (const { core, service, method } of this.#operated.values()) {
      if (services?.has(service) !== false) core.configure(this.#plan(service, method));
    }
  }

  stop(): void {
    this.#shared.pulse.stop();
  }

  #plan(service: string, method: string | undefined): CallPlan {
    const current = this.#parts.settings();
    const settings = current.settingsOf(service, method);
    return planCalls({
      settings,
      budget: this.#budget(service, settings),
      isMeasured: current.switches.instrumentation,
      looksForSilentErrors: current.switches.silentErrors,
      fallback: this.#fallbacks.get(service),
    });
  }

  /** One for all methods of a service: they burden the same dependency. */
  #budget(service: string, { retry }: OperationSettings): RetryBudget {
    let budget = this.#budgets.get(service);
    if (budget === undefined) {
      budget = new RetryBudget({ ratio: retry.budget });
      this.#budgets.set(service, budget);
    }
    return budget;
  }
}
