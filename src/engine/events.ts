/**
 * What the engine tells, in process. Listeners are called synchronously, after the thing that they
 * are told of has taken effect.
 *
 * E1. A listener that throws, or whose promise rejects, harms no call and no other listener: it is
 *     counted, and told once as `listener_error`.
 * E2. An event without a listener costs one comparison: `has` says whether to build it at all.
 * E3. Who listens twice hears twice, and each function that takes away takes one away, once.
 */
import { messageOf } from "../kernel/index.ts";
import type { Decided, ErrorCategory } from "../resilience/index.ts";

/** Who asked for the call, where a middleware has said so. */
export interface RequestIds {
  readonly requestId?: string;
  readonly userId?: string;
}

/** A call that failed, as its caller sees it (after retries, failover and fallback). */
export interface ServiceError extends RequestIds {
  readonly operation: string;
  readonly category: ErrorCategory;
  readonly error: unknown;
  /**
   * Of the whole call: its attempts, the pauses and the waits between them. Undefined where it was
   * not timed (adaptive sampling), or was refused at once.
   */
  readonly elapsedMs?: number;
  readonly attempts: number;
}

/** A call that would have failed and did not, or a circuit that closed again. */
export interface RecoverySuccess extends RequestIds {
  readonly operation: string;
  readonly by: "retry" | "failover" | "fallback" | "hedge" | "breaker" | "strategy" | "file";
  readonly attempts: number;
  readonly elapsedMs?: number;
}

/** Something that looked like success and was not; it is told and never thrown, unless asked. */
export interface SilentError {
  readonly operation: string;
  readonly type:
    | "hanging_call"
    | "swallowed_rejection"
    | "swallowed_exception"
    | "throwing_listener"
    | "suspicious_result"
    | "event_loop_stall"
    | "heap_growth"
    | "handle_growth"
    | "descriptor_growth"
    | "file_race"
    | "empty_write";
  /** One sentence for people. */
  readonly reason: string;
  /** The figures that led to it: what is usual here, what was seen. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** What a monitor of somebody else's, which was handed to the engine, has found. */
export interface MonitorFinding {
  /** The name under which it was handed in. */
  readonly monitor: string;
  /** `healthy`: what it told of before is over. */
  readonly status: "healthy" | "degraded" | "unhealthy";
  /** It told it by itself, or said so when it was asked. */
  readonly source: "event" | "check";
  /** The name of its own event. */
  readonly event?: string;
  /** One sentence for people. */
  readonly message: string;
}

/** An error as patterns name it; `engine.errors()` has more of it, under the same `id`. */
export interface NamedError {
  readonly id: string;
  /** `api.order → db.query: ECONNREFUSED 127.0.0.1:5432` */
  readonly headline: string;
  readonly operation: string;
}

/** Something that errors have in common, learned from those so far. */
export interface ErrorPattern {
  /**
   * `new`: not seen before, and now several times. `burst`: far more often than ever. `follows`:
   * after `other`. `with`: together with `other`.
   */
  readonly kind: "new" | "burst" | "follows" | "with";
  readonly error: NamedError;
  readonly other?: NamedError;
  /** One sentence for people. */
  readonly message: string;
  /** The figures that led to it. */
  readonly evidence: Readonly<Record<string, number>>;
}

/** A notice without an own shape: its words say all. */
export interface Notice {
  readonly subject: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

type DecisionEvents = {
  readonly [K in Decided["decision"]["kind"]]: Decided & {
    readonly decision: Extract<Decided["decision"], { readonly kind: K }>;
  };
};

export interface EngineEvents extends DecisionEvents {
  readonly service_error: ServiceError;
  readonly recovery_success: RecoverySuccess;
  readonly silent_error: SilentError;
  readonly monitor: MonitorFinding;
  readonly error_pattern: ErrorPattern;
  /** The mode or a switch has changed, and by whom. */
  readonly mode: Notice;
  /** A configuration was taken over, or refused with its mistakes. */
  readonly configuration: Notice;
  readonly health: Notice;
  /** What became of an ill service: healed or not, or what would have been tried. */
  readonly recovery: Notice;
  readonly prediction: Notice;
  readonly recommendation: Notice;
  /** Telemetry was lost or aggregated, and how much. */
  readonly telemetry_loss: Notice;
  /** A state file was set aside, a store does not answer. */
  readonly state: Notice;
  readonly listener_error: Notice;
}

export type EventName = keyof EngineEvents;

const all: Readonly<Record<EventName, true>> = {
  retry: true,
  retry_refused: true,
  timeout: true,
  breaker: true,
  rejected: true,
  hedge: true,
  failover: true,
  ejected: true,
  readmitted: true,
  panic: true,
  fallback: true,
  service_error: true,
  recovery_success: true,
  silent_error: true,
  mode: true,
  monitor: true,
  error_pattern: true,
  configuration: true,
  health: true,
  recovery: true,
  prediction: true,
  recommendation: true,
  telemetry_loss: true,
  state: true,
  listener_error: true,
};

export const eventNames: readonly EventName[] = Object.keys(all) as EventName[];

type Listener<K extends EventName> = (event: EngineEvents[K]) => unknown;

interface Listening {
  readonly listener: Listener<never>;
}

export class EngineEventHub {
  readonly #listening = new Map<EventName, readonly Listening[]>();
  /** Listeners that have been told of already: once is enough. */
  readonly #broken = new WeakSet<object>();
  #listenerErrors = 0;

  /** How often a listener threw or rejected. */
  get listenerErrors(): number {
    return this.#listenerErrors;
  }

  /** Returns the function that takes the listener away again. */
  on<K extends EventName>(name: K, listener: Listener<K>): () => void {
    const own = { listener };
    this.#listening.set(name, [...(this.#listening.get(name) ?? []), own]);
    return () => this.#takeAway(name, own);
  }

  /** Of several with this listener, the one that came last. */
  off<K extends EventName>(name: K, listener: Listener<K>): void {
    const last = this.#listening.get(name)?.findLast((each) => each.listener === listener);
    if (last !== undefined) this.#takeAway(name, last);
  }

  has(name: EventName): boolean {
    return this.#listening.has(name);
  }

  emit<K extends EventName>(name: K, event: EngineEvents[K]): void {
    const listening = this.#listening.get(name);
    if (listening === undefined) return;
    for (const { listener } of listening as readonly { readonly listener: Listener<K> }[]) {
      try {
        const answer = listener(event);
        if (answer instanceof Promise)
          answer.catch((error: unknown) => this.#failed(name, listener, error));
      } catch (error) {
        this.#failed(name, listener, error);
      }
    }
  }

  #takeAway(name: EventName, own: Listening): void {
    const rest = (this.#listening.get(name) ?? []).filter((each) => each !== own);
    if (rest.length === 0) this.#listening.delete(name);
    else this.#listening.set(name, rest);
  }

  #failed(name: EventName, listener: object, error: unknown): void {
    this.#listenerErrors += 1;
    if (this.#broken.has(listener)) return;
    this.#broken.add(listener);
    if (name === "listener_error") return;
    const message = `a listener of ${name} failed: ${messageOf(error)}`;
    this.emit("listener_error", { subject: name, message });
  }
}
