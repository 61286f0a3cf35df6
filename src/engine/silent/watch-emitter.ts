/**
 * Tells of listeners that throw. The exception goes where it would have gone, to whoever called
 * `emit`; often that is code that catches everything, and then nobody ever learns that the
 * listeners behind the one that threw were not called.
 */
import type { EventEmitter } from "node:events";
import { placeOfError } from "./error-place.ts";
import { type Tell, ToldPlaces } from "./tell.ts";

type Emit = (this: unknown, name: string | symbol, ...details: unknown[]) => boolean;

/**
 * Watches one emitter until the returned function is called. Costs a call per event. An emitter
 * that is frozen is left alone. Listeners that are async do not throw: theirs is a rejection.
 */
export function watchEmitter(emitter: EventEmitter, operation: string, tell: Tell): () => void {
  const original: Emit = Reflect.get(emitter, "emit");
  const places = new ToldPlaces();
  const known = new WeakSet<object>();
  const emit: Emit = function emit(...details) {
    try {
      return Reflect.apply(original, this, details);
    } catch (error) {
      const event = String(details[0]);
      // An error event without a listener throws by itself: there is none that could be wrong.
      const isUnheard = event === "error" && emitter.listenerCount("error") === 0;
      if (!isUnheard && isFirstSight(error, known)) found(event, error);
      throw error;
    }
  };
  const found = (event: string, error: unknown): void => {
    const place = placeOfError(error);
    if (!places.isNew(`${event} ${place.error} ${place.at}`)) return;
    const listeners = emitter.listenerCount(event);
    const where = place.at === "" ? "" : ` (${place.at})`;
    const reason = `a listener of "${event}" threw: ${place.error}${where}`;
    tell({
      operation,
      type: "throwing_listener",
      reason,
      evidence: { event, listeners, ...place },
    });
  };
  const before = Object.getOwnPropertyDescriptor(emitter, "emit");
  const own = { configurable: true, writable: true, enumerable: false, value: emit };
  if (!Reflect.defineProperty(emitter, "emit", own)) return () => {};
  return () => {
    if (Reflect.get(emitter, "emit") !== emit) return;
    if (before) Object.defineProperty(emitter, "emit", before);
    else Reflect.deleteProperty(emitter, "emit");
  };
}

/** One that passes through several emitters is the innermost one's. */
function isFirstSight(error: unknown, known: WeakSet<object>): boolean {
  if (typeof error !== "object" || error === null) return true;
  if (known.has(error)) return false;
  known.add(error);
  return true;
}
