/**
 * All checks of one service, asked at once.
 *
 * R1. `executeAll` ends within `timeoutMs`, whatever the checks do: one that throws, hangs or says
 *     nonsense is unhealthy, with the reason.
 * R2. The worst check decides.
 * R3. No check is under way twice: who asks meanwhile shares its answer, and one that still hangs
 *     from an earlier round is told as hanging, and is not started once more. After a minute, or
 *     ten times its limit, its answer is taken for lost, and it is asked anew.
 * R4. `report` asks at most once in `freshForMs`, and once for all who ask at the same time.
 */
import {
  callbackOption,
  checkArgument,
  checkOptions,
  durationOption,
  messageOf,
  optionsOf,
  roundedMs,
  SoulMirrorError,
  textOption,
} from "../../kernel/index.ts";
import { harmless, type Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import {
  type CheckResult,
  type HealthAnswer,
  type HealthCheck,
  type HealthReport,
  readAnswer,
  worstOf,
} from "./check.ts";

export interface HealthCheckRegistryOptions {
  /** How long one check may take: 5000, or text such as "5s". */
  readonly timeoutMs?: number | string;
  /** How long an answer of `report` serves for others who ask: 1000. */
  readonly freshForMs?: number | string;
  /** Told of each report, also of those that the interval makes. One that fails harms nobody. */
  readonly onReport?: (report: HealthReport) => unknown;
  readonly tools?: Tools;
}

interface Registered {
  readonly name: string;
  readonly check: HealthCheck;
  /** The answer that somebody already waits for. */
  pending: Promise<CheckResult> | undefined;
  /** Since when it has been asked and has not ended: it may outlive `pending`. */
  askedAtMs: number | undefined;
}

const optionsShape = optionsOf({
  timeoutMs: durationOption({ min: 1 }),
  freshForMs: durationOption(),
  onReport: callbackOption<(report: HealthReport) => unknown>(),
  tools: (tools) => tools as Tools,
});
const startShape = optionsOf({ intervalMs: durationOption({ min: 1 }) });
const checksMax = 100;
const nameLengthMax = 200;
const intervalDefaultMs = 30_000;
const lostAfterMs = 60_000;
const lostAfterLimits = 10;

/**
 * Holds the checks of a service and asks them all at once; the worst one decides.
 *
 * ```ts
 * const health = new HealthCheckRegistry();
 * health.register("database", databaseCheck(pool));
 * health.register("queue", () => (queue.length < 1000 ? "healthy" : "degraded"));
 * const { overall, checks } = await health.executeAll();
 * ```
 *
 * At most 100 checks. `register` throws `OPTIONS_INVALID` for an empty name and for what is no
 * function, `BAD_REQUEST` for a name that is taken.
 */
export class HealthCheckRegistry {
  readonly #checks = new Map<string, Registered>();
  readonly #tools: Tools;
  readonly #timeoutMs: number;
  readonly #freshForMs: number;
  readonly #onReport: ((report: HealthReport) => unknown) | undefined;
  #pending: Promise<HealthReport> | undefined;
  #last: { readonly report: HealthReport; readonly atMs: number } | undefined;
  #stopInterval: (() => void) | undefined;

  constructor(options: HealthCheckRegistryOptions = {}) {
    const checked = checkOptions("HealthCheckRegistry", options, optionsShape);
    this.#tools = checked.tools ?? realTools;
    this.#timeoutMs = checked.timeoutMs ?? 5000;
    this.#freshForMs = checked.freshForMs ?? 1000;
    this.#onReport = checked.onReport;
  }

  /** Adds a check; the returned function takes it away again. */
  register(name: string, check: HealthCheck): () => void {
    const subject = "HealthCheckRegistry.register";
    checkArgument([subject, "name"], name, textOption({ max: nameLengthMax }));
    checkArgument([subject, "check"], check, callbackOption());
    if (this.#checks.has(name)) {
      throw bad(`there is a health check ${name} already`, "unregister it, or take another name");
    }
    if (this.#checks.size >= checksMax) {
      throw bad(`there are ${checksMax} health checks already`, "ask several things in one check");
    }
    const registered = { name, check, pending: undefined, askedAtMs: undefined };
    this.#checks.set(name, registered);
    this.#last = undefined;
    return () => {
      if (this.#checks.get(name) === registered) this.unregister(name);
    };
  }

  /** False when there was none. */
  unregister(name: string): boolean {
    this.#last = undefined;
    return this.#checks.delete(name);
  }

  /** The check itself, for whoever wants an answer of his own. */
  checkOf(name: string): HealthCheck | undefined {
    return this.#checks.get(name)?.check;
  }

  names(): readonly string[] {
    return [...this.#checks.keys()];
  }

  /** The last report of `report`, `executeAll` or the interval. */
  get last(): HealthReport | undefined {
    return this.#last?.report;
  }

  /** Asks every check, now. Never rejects. */
  async executeAll(): Promise<HealthReport> {
    const asked = [...this.#checks.values()];
    const checks = await Promise.all(asked.map((each) => this.#ask(each)));
    const report: HealthReport = {
      overall: worstOf(checks.map((each) => each.status)),
      checks,
      timestamp: this.#tools.wallMs(),
    };
    this.#last = { report, atMs: this.#tools.monotonicMs() };
    harmless(() => this.#onReport?.(report));
    return report;
  }

  /** As `executeAll`, but an answer that is younger than `freshForMs` serves everybody. */
  report(): Promise<HealthReport> {
    const last = this.#last;
    if (last !== undefined && this.#tools.monotonicMs() - last.atMs < this.#freshForMs) {
      return Promise.resolve(last.report);
    }
    this.#pending ??= this.executeAll().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Asks again and again (30 s); keeps no process alive. Returns the function that ends it. */
  start(every: number | string = intervalDefaultMs): () => void {
    const { intervalMs = intervalDefaultMs } = checkOptions(
      "HealthCheckRegistry.start",
      { intervalMs: every },
      startShape,
    );
    this.stop();
    let isOver = false;
    let cancel: () => void = () => undefined;
    const ask = (): void => {
      void this.report().finally(() => {
        if (!isOver) cancel = this.#tools.background.after(intervalMs, ask);
      });
    };
    this.#stopInterval = () => {
      isOver = true;
      cancel();
    };
    ask();
    return this.#stopInterval;
  }

  stop(): void {
    this.#stopInterval?.();
    this.#stopInterval = undefined;
  }

  #ask(asked: Registered): Promise<CheckResult> {
    if (asked.pending !== undefined) return asked.pending;
    const { name, askedAtMs } = asked;
    const hangsForMs = this.#tools.monotonicMs() - (askedAtMs ?? 0);
    const lostMs = Math.max(lostAfterMs, lostAfterLimits * this.#timeoutMs);
    if (askedAtMs === undefined || hangsForMs >= lostMs) {
      asked.pending = this.#begin(asked).finally(() => {
        asked.pending = undefined;
      });
      return asked.pending;
    }
    const latency = Math.round(hangsForMs);
    const message = `the check still hangs since it was asked ${latency} ms ago`;
    return Promise.resolve({ name, status: "unhealthy", latency, message });
  }

  /** What it says, or within the time limit that it says nothing. */
  async #begin(asked: Registered): Promise<CheckResult> {
    const { name, check } = asked;
    const startedMs = this.#tools.monotonicMs();
    asked.askedAtMs = startedMs;
    const controller = new AbortController();
    const answer = await new Promise<HealthAnswer>((resolve) => {
      const cancel = this.#tools.timers.after(this.#timeoutMs, () => {
        const message = `no answer within ${this.#timeoutMs} ms`;
        resolve({ status: "unhealthy", message });
        controller.abort(message);
      });
      const settle = (said: HealthAnswer): void => {
        cancel();
        // A lost one that answers after all says nothing of the one that was asked after it.
        if (asked.askedAtMs === startedMs) asked.askedAtMs = undefined;
        resolve(said);
      };
      // In a promise of its own: a check may throw before it returns one.
      new Promise((done) => done(check(controller.signal))).then(
        (said) => settle(readAnswer(said)),
        (error: unknown) => settle({ status: "unhealthy", message: messageOf(error) }),
      );
    });
    const latency = roundedMs(this.#tools.monotonicMs() - startedMs);
    return { name, ...answer, latency };
  }
}

function bad(message: string, fix: string): SoulMirrorError {
  return new SoulMirrorError("BAD_REQUEST", message, { fix });
}
