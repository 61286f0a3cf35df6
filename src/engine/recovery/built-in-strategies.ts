/**
 * The two strategies that are always there; both do the failed operation again, for real, and only
 * what may be done twice, or never began: also somebody else would charge a second time.
 */
import {
  checkArgument,
  checkOptions,
  havingOption,
  listOption,
  messageOf,
  optionsOf,
  textOption,
  wholeOption,
} from "../../kernel/index.ts";
import { type Backoff, exponential } from "../../resilience/index.ts";
import { redact } from "../redact.ts";
import type { FailureEvent } from "./failure.ts";
import { mayBegin, onceBegun } from "./once-begun.ts";
import type { RecoveryContext, RecoveryResult, RecoveryStrategy } from "./recovery-strategy.ts";

export interface RetryStrategyOptions {
  /** Repetitions. Default 3. */
  readonly attempts?: number;
  /** Default: 1 s, twice as long each time, decorrelated jitter. */
  readonly backoff?: Backoff;
}

const retryShape = optionsOf({
  attempts: wholeOption({ min: 1, max: 1000 }),
  backoff: havingOption(["next"], "a backoff", "leave it out for the usual one"),
});
const ringsOption = listOption(listOption(textOption()));

/** The same once more, ever later: only what may be done twice, or never began. */
export class RetryStrategy implements RecoveryStrategy {
  readonly name = "exponential_backoff_retry";
  readonly actionType = "retry";
  readonly priority = 1;
  readonly applicableFailureTypes: readonly string[] = [
    "api_timeout",
    "timeout",
    "connection_refused",
    "connection_reset",
    "dns_error",
    "pool_exhausted",
    "rate_limit",
    "server_error",
  ];
  readonly #attempts: number;
  readonly #backoff: Backoff;

  constructor(options: RetryStrategyOptions = {}) {
    checkOptions("RetryStrategy", options, retryShape);
    const { attempts = 3, backoff = exponential() } = options;
    this.#attempts = attempts;
    this.#backoff = backoff;
  }

  async execute(failure: FailureEvent, context: RecoveryContext): Promise<RecoveryResult> {
    if (failure.operation === undefined) return no(noOperation);
    const operation = onceBegun(failure.operation, context.tools);
    if (!mayBegin(operation)) return no(mayHaveBegun);
    let backoff = this.#backoff;
    let last: unknown;
    for (let number = 1; number <= this.#attempts; number += 1) {
      backoff = backoff.next(context.tools.random);
      await pause(backoff.delayMs, context);
      try {
        const value = await operation.execute({
          number,
          provider: undefined,
          signal: context.signal,
        });
        const message = `it succeeded on repetition ${number}`;
        return { success: true, isProof: true, message, value, metadata: { attempts: number } };
      } catch (error) {
        last = error;
        if (!mayBegin(operation)) break;
      }
    }
    return no(`it failed again: ${redact(messageOf(last))}`);
  }
}

const ring: readonly string[] = ["llm:openai", "llm:deepseek", "llm:gemini"];

/**
 * Somebody else: the alternatives of the operation, or those of a ring that its service is in.
 * Where the operation is not idempotent the next one is asked only if it provably never began at
 * the last.
 */
export class FailoverStrategy implements RecoveryStrategy {
  readonly name = "provider_failover";
  readonly actionType = "failover";
  readonly priority = 2;
  readonly applicableFailureTypes: readonly string[] = [
    "api_timeout",
    "timeout",
    "service_unavailable",
    "connection_refused",
    "connection_reset",
    "dns_error",
    "rate_limit",
    "quota_exceeded",
    "server_error",
  ];
  readonly #rings: readonly (readonly string[])[];

  /** @param rings of services that stand for each other; default: the three providers of AI. */
  constructor(rings: readonly (readonly string[])[] = [ring]) {
    checkArgument(["FailoverStrategy", "rings"], rings, ringsOption);
    this.#rings = rings;
  }

  async execute(failure: FailureEvent, context: RecoveryContext): Promise<RecoveryResult> {
    const { affectedService } = failure;
    if (failure.operation === undefined) return no(noOperation);
    const operation = onceBegun(failure.operation, context.tools);
    if (!mayBegin(operation)) return no(mayHaveBegun);
    const others = operation.alternatives ?? this.#othersFor(affectedService);
    if (others.length === 0) return no("there is no alternative");
    const failed: string[] = [];
    for (const [index, provider] of others.entries()) {
      try {
        const { signal } = context;
        const value = await operation.execute({ number: index + 1, provider, signal });
        const metadata = { originalProvider: affectedService, alternativeProvider: provider };
        return { success: true, isProof: true, message: `${provider} answered`, value, metadata };
      } catch (error) {
        failed.push(`${provider}: ${redact(messageOf(error))}`);
      }
      if (context.signal.aborted || !mayBegin(operation)) break;
    }
    return no(`no alternative answered (${failed.join("; ")})`);
  }

  #othersFor(service: string): readonly string[] {
    const found = this.#rings.find((names) => names.includes(service)) ?? [];
    const place = found.indexOf(service);
    return [...found.slice(place + 1), ...found.slice(0, Math.max(0, place))];
  }
}

const noOperation = "the failure brings no operation to do again";
const mayHaveBegun = "the operation may have begun and is not declared idempotent";

function no(message: string): RecoveryResult {
  return { success: false, message };
}

function pause(delayMs: number, { tools, signal }: RecoveryContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = tools.timers.after(delayMs, resolve);
    const stop = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
