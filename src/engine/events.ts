/**
 * What the engine tells, in process. Listeners are called synchronously, after the thing that they
 * are told of has taken effect.
 *
 * E1. A listener that throws, or whose promise rejects, harms no call and no other listener: it is
 *     counted, and told once as `listener_error`.
 * E2. An event without a listener costs one comparison: `has` says whether to build it at all.
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
  /** Undefined where this call was not timed (adaptive sampling). */
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
  /** The mode or a switch has changed, and by whom. */
  readonly mode: Notice;
  /** A configuration was taken over, or refused with its mistakes. */
  readonly configuration: Notice;
  readonly health: Notice;
  readonly prediction: Notice;
  readonly recommendation: Notice;
  /** Telemetry was lost or aggregated, and how much. */
  readonly telemetry_loss: Notice;
  /** A state file was set aside, a store does not answer. */
  readonly state: Notice;
  readonly listener_error: Notice;
}

export type EventName = keyof EngineEvents;
type Listener<K extends EventName> = (event: EngineEvents[K]) => unknown;

export class EngineEventHub {
  readonly #listeners = new Map<EventName, readonly Listener<never>[]>();
  /** Listeners that have been told of already: once is enough. */
  readonly #broken = new WeakSet<object>();
  #listenerErrors = 0;

  /** How often a listener threw or rejected. */
  get listenerErrors(): number {
    return this.#listenerErrors;
  }

  /** Returns the function that takes the listener away again. */
  on<K extends EventName>(name: K, listener: Listener<K>): () => void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return () => this.off(name, listener);
  }

  off<K extends EventName>(name: K, listener: Listener<K>): void {
    const rest = (this.#listeners.get(name) ?? []).filter((each) => each !== listener);
    if (rest.length === 0) this.#listeners.delete(name);
    else this.#listeners.set(name, rest);
  }

  has(name: EventName): boolean {
    return this.#listeners.has(name);
  }

  emit<K extends EventName>(name: K, event: EngineEvents[K]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners as readonly Listener<K>[]) {
      try {
        const answer = listener(event);
        if (answer instanceof Promise)
          answer.catch((error: unknown) => this.#failed(name, listener, error));
      } catch (error) {
        this.#failed(name, listener, error);
      }
    }
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
