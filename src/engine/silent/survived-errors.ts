/**
 * Finds errors that should have ended the process and did not: rejections that nobody handled, and
 * exceptions that nobody caught, where a listener or a flag of the service swallows them.
 *
 * Node announces both through `process.emit`, in every mode of `--unhandled-rejections`. So that is
 * what is overheard (by `soulmirror/register`): a listener of ours would itself be what swallows.
 *
 * 1. Told is what the process has survived by a second, and was not handled meanwhile.
 * 2. The same error from the same place is told once.
 */
import { type ErrorPlace, isFromListener, placeOfError } from "./error-place.ts";
import { type Tell, ToldPlaces, wholeProcess } from "./tell.ts";

const patienceMs = 1000;
const pendingMax = 100;

export class SurvivedErrors {
  readonly #tell: Tell;
  readonly #pending = new Map<unknown, NodeJS.Timeout>();
  readonly #places = new ToldPlaces();
  #isStopped = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** What `process.emit` was called with, after it has done its work. */
  see([name, first, second]: readonly unknown[]): void {
    if (this.#isStopped) return;
    if (name === "unhandledRejection") this.#await(second, first, "swallowed_rejection");
    else if (name === "rejectionHandled") this.#forget(first);
    else if (name === "uncaughtExceptionMonitor" && second !== "unhandledRejection") {
      this.#await(first, first, "swallowed_exception");
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
  }

  /** The error is not touched before: reading its stack changes what node prints of a crash. */
  #await(key: unknown, error: unknown, type: "swallowed_rejection" | "swallowed_exception"): void {
    if (this.#pending.size >= pendingMax || this.#pending.has(key)) return;
    const timer = setTimeout(() => {
      this.#pending.delete(key);
      const isException = type === "swallowed_exception";
      const isListener = isException && isFromListener(error);
      this.#found(placeOfError(error), isListener ? "throwing_listener" : type);
    }, patienceMs);
    this.#pending.set(key, timer.unref());
  }

  #forget(key: unknown): void {
    clearTimeout(this.#pending.get(key));
    this.#pending.delete(key);
  }

  #found(place: ErrorPlace, type: keyof typeof reasons): void {
    if (!this.#places.isNew(`${type} ${place.error} ${place.at}`)) return;
    const where = place.at === "" ? "" : ` (${place.at})`;
    const reason = `${reasons[type]}: ${place.error}${where}`;
    this.#tell({ operation: wholeProcess, type, reason, evidence: { ...place } });
  }
}

const reasons = {
  swallowed_rejection: "a promise was rejected, nobody handled it, and the process went on",
  swallowed_exception: "an exception was caught by nobody, and the process went on",
  throwing_listener: "a listener threw, those after it were not called, and the process went on",
} as const;
