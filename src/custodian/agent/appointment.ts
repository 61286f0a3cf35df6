/**
 * Work that is done at its time, again and again, by the wall clock.
 *
 * T1. What was missed is done once, and not as often as it was missed.
 * T2. What failed is tried again after a rest, and is not due earlier because of it.
 * T3. The clock is looked at every hour at the latest, for somebody may set it.
 * T4. Work that throws has failed (T2), and is told; the next one comes all the same.
 */
import type { VaultSchedule } from "../../config/index.ts";
import { realClock, realTimers } from "../../system/index.ts";
import { nextTime } from "./next-time.ts";
import { survives } from "./survives.ts";

export interface AppointmentOptions {
  readonly schedule: VaultSchedule;
  /** Wall milliseconds of the last time. */
  readonly lastMs: number;
  /** False: it was not done (T2). */
  readonly work: () => Promise<boolean>;
  /** Why it was not done (T4). */
  readonly onFailure: (reason: string) => void;
  readonly restMs?: number;
}

const lookEveryMs = 3_600_000;

export class Appointment implements AsyncDisposable {
  readonly #options: AppointmentOptions;
  #lastMs: number;
  #isOver = false;
  #cancel: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(options: AppointmentOptions) {
    this.#options = options;
    this.#lastMs = options.lastMs;
    this.#arm(this.#waitMs());
  }

  /** When what is under way has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#cancel();
    await this.#running;
  }

  #waitMs(): number | undefined {
    const due = nextTime(this.#options.schedule, this.#lastMs);
    return due === undefined ? undefined : Math.max(0, due - realClock.now().wallMs);
  }

  #arm(waitMs: number | undefined): void {
    if (waitMs === undefined || this.#isOver) return;
    this.#cancel = realTimers.after(Math.min(waitMs, lookEveryMs), () => {
      if ((this.#waitMs() ?? 1) > 0) return this.#arm(this.#waitMs());
      this.#running = this.#keep().finally(() => {
        this.#running = undefined;
      });
    });
  }

  async #keep(): Promise<void> {
    const { onFailure, restMs = 600_000, work } = this.#options;
    const isDone = await survives(work, onFailure);
    if (isDone) this.#lastMs = realClock.now().wallMs;
    this.#arm(isDone ? this.#waitMs() : restMs);
  }
}
