/**
 * Hands the failures of wrapped services to the recovery, beside the calls: what a service has to
 * be healed by is tried, and a fresh answer of the service decides whether that helped.
 *
 * V1. No call waits for it, and what it does runs in nobody's turn. It keeps no process alive.
 * V2. A storm is one failure: of each service one is under way, and after it there is a pause,
 *     which grows while nothing helps. Then one that can be asked is asked again, without a call.
 * V3. Nothing is done for a service that answers. One that can be asked is asked first; of one that
 *     cannot, the circuit has to be open.
 * V4. Means of the service itself are only used where its owner has registered it, or has named
 *     them in the settings.
 * V5. After the end nothing is begun and nothing is written; what failed just before is written.
 */
import { deferred, messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub, ServiceError } from "../events.ts";
import { type HealthCheck, readAnswer } from "../health/index.ts";
import {
  type FailureEvent,
  fileRecoveryStore,
  MeansStrategy,
  type MeansWord,
  meansWords,
  memoryRecoveryStore,
  RecoveryEngine,
  type RecoveryMeans,
  type RecoveryOutcome,
  type RecoveryStore,
} from "../recovery/index.ts";
import { redact } from "../redact.ts";
import type { EngineSettings } from "../settings/index.ts";
import type { Operations } from "./operations.ts";

/** A service that something can be done for. */
export interface Healable {
  readonly means: RecoveryMeans;
  /** Undefined: its next calls show how it is. */
  readonly check: HealthCheck | undefined;
}

export interface ServiceRecoveryParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  readonly operations: Operations;
  readonly settings: () => EngineSettings;
  readonly store: RecoveryStore | string | undefined;
}

interface Trouble {
  readonly type: string;
  readonly message: string;
  readonly detectionMethod: "exception" | "health_check";
  readonly told?: ServiceError | undefined;
  /** Its check has just said so. */
  readonly isFresh?: boolean;
}

/** Undefined `untilMs`: one is under way. */
interface Pausing {
  readonly untilMs: number | undefined;
  readonly failures: number;
}

const servicesMax = 1000;
const closeWithinMs = 2000;
const pollMs = 250;
const pause = { wellMs: 1000, firstMs: 1000, longestMs: 300_000, heldBackMs: 60_000 } as const;

/** The caller's own affair; a recovery of the service would not change it. */
const notOurs: ReadonlySet<string> = new Set(["cancelled"]);
/** The service answers, and says no: neither a new connection nor a restart changes that. */
const answered: ReadonlySet<string> = new Set(
  "client_error content_policy context_length rate_limit quota_exceeded auth".split(" "),
);

export class ServiceRecovery {
  readonly engine: RecoveryEngine;
  readonly #parts: ServiceRecoveryParts;
  readonly #healable = new Map<string, Healable>();
  readonly #pausing = new Map<string, Pausing>();
  /** Those that are always there: they alone begin nothing. */
  readonly #ownNames = new Set<string>(["exponential_backoff_retry", "provider_failover"]);
  /** Is looked at in a turn of its own (V1), which has not come yet. */
  readonly #upcoming = new Map<string, Trouble>();
  #stopListening: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: ServiceRecoveryParts) {
    const { tools, events, store } = parts;
    this.#parts = parts;
    // V1.
    const quietTools = {
      monotonicMs: tools.monotonicMs,
      wallMs: tools.wallMs,
      random: tools.random,
      timers: tools.background,
      background: tools.background,
    };
    this.engine = new RecoveryEngine({
      tools: quietTools,
      store:
        typeof store === "string" ? fileRecoveryStore(store) : (store ?? memoryRecoveryStore()),
      mayAct: ({ affectedService }) => parts.settings().settingsOf(affectedService).acts.recovery,
      onOutcome: (failure, outcome) => this.#ended(failure, outcome),
      onStrategy: ({ name }) => {
        if (!this.#ownNames.has(name)) this.#listen();
      },
      tell: (message) => events.emit("state", { subject: "recoveries", message }),
    });
    const source = {
      find: (service: string, word: MeansWord) => this.#healable.get(service)?.means[word],
      isWell: (failure: FailureEvent, signal: AbortSignal) => this.#becomesWell(failure, signal),
    };
    for (const word of meansWords) {
      this.#ownNames.add(word);
      this.engine.registerStrategy(new MeansStrategy(word, source));
    }
    // Whoever keeps failures wants all of them.
    if (store !== undefined) this.#listen();
  }

  /** From now on failures of that service are healed. */
  register(service: string, healable: Healable): void {
    this.#healable.delete(service);
    this.#healable.set(service, healable);
    trim(this.#healable);
    if (wordsOf(healable).length > 0) this.#listen();
  }

  /** Nothing is done for it any more. */
  forget(service: string): void {
    this.#healable.delete(service);
  }

  /** A health check says so, without any call. */
  isUnhealthy(service: string, message: string): void {
    if (!this.#healable.has(service)) return;
    const type = "service_unavailable";
    this.#consider(service, { type, message, detectionMethod: "health_check", isFresh: true });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening?.();
    const { promise, resolve } = deferred<void>();
    const cancel = this.#parts.tools.timers.after(closeWithinMs, resolve);
    const closing = this.engine.close();
    this.#writeUpcoming();
    await Promise.race([closing, promise]).catch(() => {});
    cancel();
  }

  /** V5. The engine is closed already: it tries nothing, and writes down until it has flushed. */
  #writeUpcoming(): void {
    if (this.#parts.store !== undefined) {
      for (const [service, trouble] of this.#upcoming) {
        this.engine.handleFailure(this.#failureOf(service, trouble, []));
      }
    }
    this.#upcoming.clear();
  }

  #listen(): void {
    this.#stopListening ??= this.#parts.events.on("service_error", (told) => {
      const { operation, category, error } = told;
      if (notOurs.has(category)) return;
      const service = this.#parts.operations.placeOf(operation)?.service ?? operation;
      // A call that was kept away says nothing new of the service.
      if (category === "rejected" && !this.#isOpen(operation)) return;
      const type = category === "rejected" ? "service_unavailable" : category;
      if (this.#isPausing(service)) return;
      const message = redact(messageOf(error));
      this.#consider(service, { type, message, detectionMethod: "exception", told });
    });
  }

  /** V2. */
  #isPausing(service: string): boolean {
    const pausing = this.#pausing.get(service);
    if (pausing === undefined) return false;
    const { untilMs } = pausing;
    return untilMs === undefined || untilMs > this.#parts.tools.monotonicMs();
  }

  #consider(service: string, trouble: Trouble): void {
    if (!this.#isPausing(service)) this.#begin(service, trouble);
  }

  #begin(service: string, trouble: Trouble): void {
    if (this.#isClosed) return;
    const failures = this.#pausing.get(service)?.failures ?? 0;
    this.#pausing.set(service, { untilMs: undefined, failures });
    this.#upcoming.set(service, trouble);
    this.#parts.tools.background.after(0, () => {
      if (!this.#upcoming.delete(service)) return;
      this.#look(service, trouble).catch((error: unknown) => {
        this.#pauseFor(service, pause.firstMs, failures);
        const message = `the recovery of ${service} failed: ${messageOf(error)}`;
        this.#parts.events.emit("recovery", { subject: service, message });
      });
    });
  }

  async #look(service: string, trouble: Trouble): Promise<void> {
    const failures = this.#pausing.get(service)?.failures ?? 0;
    const strategies = await this.#strategiesFor(service, trouble);
    if (this.#isClosed) return;
    const isKept = this.#parts.store !== undefined;
    if (strategies === undefined || (strategies.length === 0 && !isKept)) {
      this.#pauseFor(service, pause.wellMs, failures);
      return;
    }
    const { done } = this.engine.handleFailure(this.#failureOf(service, trouble, strategies));
    const outcome = await done;
    if (outcome.kind === "resolved") {
      this.#pauseFor(service, pause.wellMs, 0);
      return;
    }
    if (outcome.kind === "held_back") {
      this.#pauseFor(service, pause.heldBackMs, 0);
      return;
    }
    const growing = Math.min(pause.longestMs, pause.firstMs * 2 ** Math.min(failures, 9));
    const pausing = this.#pauseFor(service, growing, failures + 1);
    // An open circuit keeps calls away: nobody else would ask again.
    if (this.#healable.get(service)?.check === undefined) return;
    this.#parts.tools.background.after(growing, () => {
      // Not by the clock: a timer may fire a moment before it.
      if (this.#pausing.get(service) !== pausing) return;
      this.#begin(service, { ...trouble, isFresh: false });
    });
  }

  /** V3, V4. Undefined: it is well. */
  async #strategiesFor(
    service: string,
    { type, told, isFresh = false }: Trouble,
  ): Promise<readonly string[] | undefined> {
    const healable = this.#healable.get(service);
    if (healable?.check !== undefined && !isFresh && (await this.#isWell(healable.check))) {
      return undefined;
    }
    const isCertain =
      healable?.check !== undefined || (told !== undefined && this.#isOpen(told.operation));
    const own = healable !== undefined && isCertain && !answered.has(type) ? healable : undefined;
    const wanted = this.#parts.settings().settingsOf(service).strategies;
    const words = own === undefined ? [] : wanted.filter((word) => hasMeans(own, word));
    const others = this.engine.strategies.filter(({ name }) => !this.#ownNames.has(name));
    const fitting = others.filter(({ applicableFailureTypes }) =>
      applicableFailureTypes.some((each) => each === type || each === "*"),
    );
    const namesOf = (isEarly: boolean): readonly string[] =>
      fitting.filter(({ priority }) => priority < 3 === isEarly).map(({ name }) => name);
    return [...namesOf(true), ...words, ...namesOf(false)];
  }

  #failureOf(service: string, trouble: Trouble, strategies: readonly string[]): FailureEvent {
    const { type, message, detectionMethod, told } = trouble;
    const check = this.#healable.get(service)?.check;
    const stack = told?.error instanceof Error ? told.error.stack : undefined;
    const failure: FailureEvent = {
      failureCategory: "external_dependency",
      failureType: type,
      severity: answered.has(type) ? "medium" : "high",
      affectedService: service,
      errorMessage: message,
      ...(stack === undefined ? {} : { errorStack: redact(stack) }),
      context: { operation: told?.operation ?? null, attempts: told?.attempts ?? null },
      detectionMethod,
      ...(told?.userId === undefined ? {} : { userId: told.userId }),
      ...(told?.requestId === undefined ? {} : { requestId: told.requestId }),
      strategies,
    };
    if (check === undefined) return failure;
    const execute = (): never => {
      throw new Error("the call belongs to its caller");
    };
    const verify = (signal: AbortSignal): Promise<boolean> => this.#becomesWell(failure, signal);
    return { ...failure, operation: { execute, alternatives: [], verify } };
  }

  /** Fresh evidence: the check, asked until it says so; else a call that succeeds from now on. */
  async #becomesWell(failure: FailureEvent, signal: AbortSignal): Promise<boolean> {
    const { tools } = this.#parts;
    const { affectedService: service } = failure;
    const check = this.#healable.get(service)?.check;
    if (check === undefined) this.#parts.operations.letProbe(service);
    const calls = [...this.#parts.operations.ofService(service)];
    const succeeded = (): number => calls.reduce((sum, { counts }) => sum + counts.succeeded, 0);
    const before = succeeded();
    while (!signal.aborted) {
      const isWell = check === undefined ? succeeded() > before : await this.#isWell(check);
      if (isWell) return true;
      await new Promise<void>((resolve) => void tools.background.after(pollMs, resolve));
    }
    return false;
  }

  async #isWell(check: HealthCheck): Promise<boolean> {
    const { tools, settings } = this.#parts;
    const controller = new AbortController();
    const { promise: late, resolve } = deferred<boolean>();
    const cancel = tools.background.after(settings().value("health.timeoutMs"), () => {
      controller.abort();
      resolve(false);
    });
    try {
      const asked = (async () => readAnswer(await check(controller.signal)))();
      return await Promise.race([asked.then(({ status }) => status !== "unhealthy"), late]);
    } catch {
      return false;
    } finally {
      cancel();
    }
  }

  #isOpen(operation: string): boolean {
    return this.#parts.operations.get(operation)?.breaker.phase === "open";
  }

  #pauseFor(service: string, forMs: number, failures: number): Pausing {
    const untilMs = this.#parts.tools.monotonicMs() + forMs;
    const pausing = { untilMs, failures };
    this.#pausing.delete(service);
    this.#pausing.set(service, pausing);
    trim(this.#pausing);
    return pausing;
  }

  #ended(failure: FailureEvent, outcome: RecoveryOutcome): void {
    const { events } = this.#parts;
    const { affectedService: service, failureType, requestId, userId, context } = failure;
    const isEnforced = outcome.kind === "resolved" || outcome.kind === "unresolved";
    const details = { ...outcome, value: undefined, failureType, enforced: isEnforced };
    events.emit("recovery", { subject: service, message: wordsFor(service, outcome), details });
    if (outcome.kind !== "resolved") return;
    // Whoever was kept away may ask again at once.
    this.#parts.operations.letProbe(service);
    const { attempts, elapsedMs } = outcome;
    const operation = typeof context?.["operation"] === "string" ? context["operation"] : service;
    events.emit("recovery_success", {
      operation,
      by: "strategy",
      attempts,
      elapsedMs,
      ...(requestId === undefined ? {} : { requestId }),
      ...(userId === undefined ? {} : { userId }),
    });
  }
}

function wordsOf({ means }: Healable): readonly MeansWord[] {
  return meansWords.filter((word) => means[word] !== undefined);
}

function hasMeans(healable: Healable, word: string): boolean {
  return wordsOf(healable).some((each) => each === word);
}

function wordsFor(service: string, outcome: RecoveryOutcome): string {
  switch (outcome.kind) {
    case "resolved":
      return `${service} is well again: ${outcome.strategy} has healed it`;
    case "unresolved":
      return `${service} is not healed: ${outcome.reason || "nothing could be tried"}`;
    case "turned_away":
      return `nothing was tried for ${service}: ${outcome.reason}`;
    case "held_back":
      return `${outcome.wouldTry.join(", ")} would have been tried for ${service}`;
  }
}

function trim(services: Map<string, unknown>): void {
  const oldest = services.keys().next();
  if (services.size > servicesMax && oldest.done !== true) services.delete(oldest.value);
}
