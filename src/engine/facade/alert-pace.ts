/**
 * Lets alerts through at a pace that people bear.
 *
 * P1. Of one thing and severity one goes out in `quietMs`: what becomes worse is told at once.
 * P2. How a thing stands in the end is never lost: what was held back goes out as soon as it may,
 *     unless what went out last says the same.
 * P3. Bounded: of the things that were told longest ago the times are forgotten.
 */
import type { CancelTimer } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";

interface Told<T> {
  /** Monotonic milliseconds, by severity. */
  readonly quietUntil: Map<string, number>;
  last: string;
  held: T | undefined;
  cancel: CancelTimer | undefined;
}

export interface AlertPaceOptions<T> {
  readonly tools: Tools;
  readonly send: (alert: T) => void;
  readonly quietMs: number;
  readonly subjectsMax: number;
}

export class AlertPace<T extends { readonly severity: string }> {
  readonly #options: AlertPaceOptions<T>;
  readonly #told = new Map<string, Told<T>>();

  constructor(options: AlertPaceOptions<T>) {
    this.#options = options;
  }

  /** @param key what it is about. */
  offer(key: string, alert: T): void {
    const { severity } = alert;
    const told = this.#toldOf(key, severity);
    const nowMs = this.#options.tools.monotonicMs();
    const waitMs = (told.quietUntil.get(severity) ?? nowMs) - nowMs;
    told.cancel?.();
    told.cancel = undefined;
    if (waitMs <= 0) this.#send(told, alert);
    // P2.
    else if (severity === told.last) told.held = undefined;
    else {
      told.held = alert;
      told.cancel = this.#options.tools.background.after(waitMs, () => {
        if (told.held !== undefined) this.offer(key, told.held);
      });
    }
  }

  /** Sends what is held back. */
  close(): void {
    for (const told of this.#told.values()) this.#letGo(told);
    this.#told.clear();
  }

  #send(told: Told<T>, alert: T): void {
    const { tools, quietMs, send } = this.#options;
    told.held = undefined;
    told.last = alert.severity;
    told.quietUntil.set(alert.severity, tools.monotonicMs() + quietMs);
    send(alert);
  }

  #letGo(told: Told<T>): void {
    told.cancel?.();
    if (told.held !== undefined) this.#send(told, told.held);
  }

  /** The things that were told last stand at the end (P3). */
  #toldOf(key: string, severity: string): Told<T> {
    const known = this.#told.get(key);
    const quietUntil = new Map<string, number>();
    const told = known ?? { quietUntil, last: severity, held: undefined, cancel: undefined };
    this.#told.delete(key);
    this.#told.set(key, told);
    const [oldest] = this.#told;
    if (this.#told.size > this.#options.subjectsMax && oldest !== undefined) {
      this.#told.delete(oldest[0]);
      this.#letGo(oldest[1]);
    }
    return told;
  }
}
