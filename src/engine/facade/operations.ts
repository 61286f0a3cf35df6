/**
 * All operations of one engine: made when they are first called, planned from the settings, and
 * planned anew when those change.
 */
import { messageOf } from "../../kernel/index.ts";
import { type Classify, RetryBudget, type Tools } from "../../resilience/index.ts";
import type { BreakerMemory } from "../breaker-states/index.ts";
import { type CallPlan, type Fallback, planCalls } from "../core/call-plan.ts";
import { Deadlines } from "../core/deadlines.ts";
import { OperationCore } from "../core/operation-core.ts";
import { PendingRetries } from "../core/pending-retries.ts";
import { Pulse } from "../core/pulse.ts";
import type { SamplingMode } from "../core/sampling.ts";
import type { Shared } from "../core/working-operation.ts";
import type { EngineEventHub, Notice } from "../events.ts";
import type { OperationReport } from "../operation.ts";
import { redact } from "../redact.ts";
import type { EngineSettings, OperationSettings } from "../settings/index.ts";
import { tellOrWarn } from "./tell-or-warn.ts";

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
  readonly #byService = new Map<string, Operated[]>();
  readonly #budgets = new Map<string, readonly RetryBudget[]>();
  readonly #fallbacks = new Map<string, Fallback>();

  readonly #tell: (notice: Notice) => void;

  constructor(parts: OperationsParts) {
    const { tools, events, classify, sampling, memory } = parts;
    this.#parts = parts;
    this.#tell = tellOrWarn(events, "configuration");
    const deadlines = new Deadlines(tools.background, tools.monotonicMs);
    const pulse = new Pulse(tools);
    const moved = memory.moved.bind(memory);
    const pending = new PendingRetries();
    this.#shared = { tools, events, classify, sampling, deadlines, pulse, pending, moved };
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

  has(service: string): boolean {
    return this.#byService.has(service);
  }

  *ofService(service: string): Iterable<OperationCore> {
    for (const { core } of this.#byService.get(service) ?? []) yield core;
  }

  get(name: string): OperationCore | undefined {
    return this.#operated.get(name)?.core;
  }

  /** That of a service's method, or of a service that is a function. */
  of(service: string, method?: string): OperationCore {
    const name = method === undefined ? service : `${service}.${method}`;
    const known = this.#operated.get(name);
    if (known !== undefined) {
      // It was asked for by its whole name before anybody knew whose method it is.
      const isNews = method !== undefined && known.method === undefined;
      if (isNews) this.#settle(known, { core: known.core, service, method });
      return known.core;
    }
    if (this.#operated.size >= operationsMax && name !== sharedName) return this.of(sharedName);
    const { memory } = this.#parts;
    const plan = this.#plan(service, method);
    const core = new OperationCore(name, this.#shared, plan);
    this.#enter({ core, service, method });
    memory.adopt(name, core.breaker, plan.timeoutMs);
    return core;
  }

  #enter(operated: Operated): void {
    const { core, service } = operated;
    this.#operated.set(core.name, operated);
    const ofService = this.#byService.get(service);
    if (ofService === undefined) this.#byService.set(service, [operated]);
    else ofService.push(operated);
  }

  #settle(known: Operated, operated: Operated): void {
    const others = this.#byService.get(known.service)?.filter((each) => each !== known) ?? [];
    if (others.length > 0) this.#byService.set(known.service, others);
    else this.#byService.delete(known.service);
    this.#enter(operated);
    operated.core.configure(this.#plan(operated.service, operated.method));
  }

  /** @param doubtOf what may be wrong with a name that nothing has yet: asked a moment later */
  isolate(name: string, reason: string, doubtOf: (name: string) => string | undefined): () => void {
    if (!this.#operated.has(name)) {
      queueMicrotask(() => {
        const message = doubtOf(name);
        if (message !== undefined) this.#tell({ subject: name, message });
      });
    }
    this.of(name);
    return this.#parts.memory.isolate(name, redact(messageOf(reason)));
  }

  /** Somebody has evidence that it is well: its open circuits let probes through at once. */
  letProbe(service: string): void {
    const nowMs = this.#parts.tools.monotonicMs();
    for (const { breaker } of this.ofService(service)) breaker.probeFromNow(nowMs);
  }

  fallBack(service: string, fallback: Fallback): void {
    this.#fallbacks.set(service, fallback);
    this.replan(new Set([service]));
  }

  /** The settings have changed: of these services, or of all. */
  replan(services?: ReadonlySet<string>): void {
    for (const service of services ?? this.#byService.keys()) {
      for (const { core, method } of this.#byService.get(service) ?? []) {
        core.configure(this.#plan(service, method));
      }
      this.#dropBudgets(service);
    }
  }

  /** Calls go on; no further attempt begins. */
  stop(): void {
    this.#shared.pending.close();
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
      isTimeoutOwn: current.saysOf("timeoutMs", { service, method }),
    });
  }

  /** One for all methods of a service with the same ratio: they burden the same dependency. */
  #budget(service: string, { retry: { budget: ratio } }: OperationSettings): RetryBudget {
    const known = this.#budgets.get(service) ?? [];
    const found = known.find((budget) => budget.ratio === ratio);
    if (found !== undefined) return found;
    const made = new RetryBudget({ ratio });
    this.#budgets.set(service, [...known, made]);
    return made;
  }

  /** Those of ratios that hold nowhere any more. */
  #dropBudgets(service: string): void {
    const plans = [...this.ofService(service)].map(({ plan }) => plan.retry?.budget);
    const used = this.#budgets.get(service)?.filter((budget) => plans.includes(budget));
    if (used !== undefined) this.#budgets.set(service, used);
  }
}
