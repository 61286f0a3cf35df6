/** All circuits of a process by name, for code that guards its calls itself. */
import {
  anyOption,
  callbackOption,
  checkOptions,
  durationOption,
  havingOption,
  optionsOf,
  SoulMirrorError,
  wholeOption,
} from "../../kernel/index.ts";
import {
  type BreakerPhase,
  breakerDefaults,
  CircuitBreaker,
  type Classify,
} from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import { BreakerMemory, type BreakerMemoryOptions } from "./breaker-memory.ts";

export interface CircuitOptions {
  /** Faults in a row that open it. Default 5. */
  readonly failureThreshold?: number;
  /** Good probes in a row that close it. Default 2. */
  readonly successThreshold?: number;
  /** Longest time for a call, in milliseconds or "30s". Default 30 s. */
  readonly timeout?: number | string;
  /** How long it stays open. Default 60 s. */
  readonly resetTimeout?: number | string;
}

const shape = optionsOf({
  failureThreshold: wholeOption({ min: 1 }),
  successThreshold: wholeOption({ min: 1 }),
  timeout: durationOption({ min: 1 }),
  resetTimeout: durationOption({ min: 1 }),
});

export interface RegistryOptions extends BreakerMemoryOptions {
  /** Which errors are the dependency's fault; without it: as everywhere. */
  readonly classify?: Classify;
}

const namesMax = 10_000;

/**
 * Circuits by name; with a store each begins where it stood before the restart.
 *
 *     const registry = new CircuitBreakerRegistry({ store: fileStateStore("breakers.json") });
 *     await registry.getOrCreate("llm:openai", { failureThreshold: 3 }).execute(() => ask());
 */
export class CircuitBreakerRegistry {
  readonly memory: BreakerMemory;
  readonly #options: RegistryOptions;
  readonly #circuits = new Map<string, Circuit>();

  constructor(options: RegistryOptions = {}) {
    checkOptions("CircuitBreakerRegistry", options, registryShape);
    this.#options = options;
    this.memory = new BreakerMemory(options);
  }

  /** Resolves when the store has answered: at once for a file and for SQLite. Never rejects. */
  get ready(): Promise<void> {
    return this.memory.ready;
  }

  /** `options` count when it is made. Throws SoulMirrorError OPTIONS_INVALID, CONFLICT. */
  getOrCreate(name: string, options: CircuitOptions = {}): Circuit {
    const known = this.#circuits.get(name);
    if (known !== undefined) return known;
    if (this.#circuits.size >= namesMax) {
      throw new SoulMirrorError("CONFLICT", `there are ${namesMax} circuits already`, {
        fix: "name circuits after what is called, not after single calls",
      });
    }
    const circuit = new Circuit(name, checkOptions(`circuit ${name}`, options, shape), {
      ...this.#options,
      memory: this.memory,
    });
    this.#circuits.set(name, circuit);
    return circuit;
  }

  get(name: string): Circuit | undefined {
    return this.#circuits.get(name);
  }

  getAll(): ReadonlyMap<string, Circuit> {
    return this.#circuits;
  }

  /** Saves what is not saved yet. False: some of it could not be. */
  close(): Promise<boolean> {
    return this.memory.close();
  }
}

const registryShape = optionsOf({
  tools: anyOption(),
  store: havingOption(["load", "save"], "a store", "write for example fileStateStore(PATH)"),
  tell: callbackOption(),
  quietMs: wholeOption(),
  classify: callbackOption(),
});

/** What a circuit tells of itself. */
export interface CircuitState {
  readonly state: BreakerPhase;
  readonly failureCount: number;
  readonly successCount: number;
  /** Milliseconds since 1970; null unless it is open. */
  readonly nextRetryTime: number | null;
}

interface Given {
  readonly failureThreshold?: number;
  readonly successThreshold?: number;
  readonly timeout?: number;
  readonly resetTimeout?: number;
}

/** A circuit that the registry remembers. */
export class Circuit extends CircuitBreaker {
  readonly #memory: BreakerMemory;

  constructor(name: string, given: Given, parts: RegistryOptions & { memory: BreakerMemory }) {
    const { timeout = 30_000, resetTimeout = breakerDefaults.resetTimeoutMs } = given;
    const { failureThreshold, successThreshold } = breakerDefaults;
    const limits = {
      failureThreshold: given.failureThreshold ?? failureThreshold,
      successThreshold: given.successThreshold ?? successThreshold,
      resetTimeoutMs: resetTimeout,
      resetTimeoutMaxMs: Math.max(breakerDefaults.resetTimeoutMaxMs, resetTimeout),
    };
    const classify = parts.classify === undefined ? {} : { classify: parts.classify };
    super({ name, timeoutMs: timeout, ...limits, ...classify }, parts.tools ?? realTools);
    this.#memory = parts.memory;
    this.on(({ decision }) => {
      if (decision.kind === "breaker") parts.memory.moved(name, decision.to);
    });
    parts.memory.adopt(name, this.breaker, timeout);
  }

  /** As that of any circuit; it outlives a restart. */
  override isolate(reason?: string): () => void {
    return this.#memory.isolate(this.name, reason ?? "it was isolated by hand");
  }

  getState(): CircuitState {
    const { phase, failureCount, successCount } = this.breaker;
    const due = phase === "open" ? this.#memory.stateOf(this.name)?.nextRetryAt : undefined;
    return { state: phase, failureCount, successCount, nextRetryTime: due ?? null };
  }
}
