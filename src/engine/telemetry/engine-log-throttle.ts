/** The first few of a kind in a second whole, the others as one: G1 of `engine-log.ts`. */
import type { Tools } from "../../resilience/index.ts";
import { type LogEntry, logJoining } from "./engine-log.ts";

const wholeMax = 5;
/** Kinds that are told apart within one second. */
const kindsMax = 200;
const everyMs = 1000;

export class EngineLogThrottle {
  readonly #tools: Tools;
  readonly #pass: (entry: LogEntry) => void;
  #whole = new Map<string, number>();
  #repeated = new Map<string, LogEntry>();
  #isArmed = false;

  constructor(tools: Tools, pass: (entry: LogEntry) => void) {
    this.#tools = tools;
    this.#pass = pass;
  }

  take(entry: LogEntry): void {
    const own = logJoining.keyOf(entry);
    const isKnown = this.#whole.has(own) || this.#whole.size < kindsMax;
    const key = isKnown ? own : "";
    const before = this.#whole.get(key) ?? 0;
    this.#whole.set(key, before + 1);
    if (before < wholeMax) this.#pass(entry);
    else {
      const earlier = this.#repeated.get(key);
      this.#repeated.set(key, earlier === undefined ? entry : logJoining.join(earlier, entry));
    }
    this.#arm();
  }

  /** What was held back goes on now. */
  flush(): void {
    const repeated = this.#repeated;
    this.#whole = new Map();
    this.#repeated = new Map();
    for (const entry of repeated.values()) this.#pass(entry);
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#tools.background.after(everyMs, () => {
      this.#isArmed = false;
      this.flush();
    });
  }
}
