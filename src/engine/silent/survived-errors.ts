/**
 * Finds errors that should have ended the process and did not: rejections that nobody handled, and
 * exceptions that nobody caught, where a listener or a flag of the service swallows them.
 *
 * Node announces both through `process.emit`, in every mode of `--unhandled-rejections`. So that is
 * what is watched, from outside: a listener of ours would itself be the one that swallows.
 *
 * 1. What `process.emit` returns, throws and calls is what it would have been: a crash stays a
 *    crash, with its own exit code and output.
 * 2. Told is what the process has survived by a second, and was not handled meanwhile.
 */
import { type ErrorPlace, isFromListener, placeOfError } from "./error-place.ts";
import { type Tell, ToldPlaces, wholeProcess } from "./tell.ts";

const patienceMs = 1000;
const pendingMax = 100;

type Emit = (this: unknown, name: string | symbol, ...details: unknown[]) => boolean;

/** Until the returned function is called. */
export function watchSurvivedErrors(tell: Tell): () => void {
  const watch = new SurvivedErrors(tell);
  const original = Reflect.get(process, "emit") as Emit;
  const emit: Emit = function emit(...details) {
    const answer = Reflect.apply(original, this, details);
    watch.see(details[0], details[1], details[2]);
    return answer;
  };
  const descriptor = { configurable: true, writable: true, enumerable: false };
  const before = Object.getOwnPropertyDescriptor(process, "emit");
  Object.defineProperty(process, "emit", { ...descriptor, value: emit });
  return () => {
    watch.stop();
    // Somebody else may have put theirs on top; ours then stays below, and does nothing.
    if ((process.emit as Emit) !== emit) return;
    if (before) Object.defineProperty(process, "emit", before);
    else Reflect.deleteProperty(process, "emit");
  };
}

class SurvivedErrors {
  readonly #tell: Tell;
  readonly #pending = new Map<unknown, NodeJS.Timeout>();
  readonly #places = new ToldPlaces();
  #isStopped = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  see(name: string | symbol, first: unknown, second: unknown): void {
    if (this.#isStopped) return;
    if (name === "unhandledRejection") this.#await(second, first, "swallowed_rejection");
    else if (name === "rejectionHandled") this.#forget(first);
    else if (name === "uncaughtExceptionMonitor" && second !== "unhandledRejection") {
      this.#await(
        first,
        first,
        isFromListener(first) ? "throwing_listener" : "swallowed_exception",
      );
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
  }

  #await(key: unknown, error: unknown, type: keyof typeof reasons): void {
    if (this.#pending.size >= pendingMax || this.#pending.has(key)) return;
    const place = placeOfError(error);
    const timer = setTimeout(() => {
      this.#pending.delete(key);
      this.#found(place, type);
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
