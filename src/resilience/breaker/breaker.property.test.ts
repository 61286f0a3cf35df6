/** The breaker against a model that keeps everything and is written for reading, not for speed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { BreakerPhase } from "../decision.ts";
import { Breaker, refused } from "./breaker.ts";
import { type BreakerOptions, breakerDefaults } from "./breaker-options.ts";

const options: BreakerOptions = {
  ...breakerDefaults,
  failureThreshold: 3,
  successThreshold: 2,
  resetTimeoutMs: 1000,
  resetGrowth: 2,
  resetTimeoutMaxMs: 3000,
};

type End = "good" | "fault" | "dismissed";

interface Admitted {
  readonly era: number;
  readonly sinceMs: number;
}

/** What is documented, word by word. */
class Model {
  phase: Exclude<BreakerPhase, "isolated"> = "closed";
  isolations = 0;
  era = 0;
  streak = 0;
  openedMs = 0;
  openForMs: number = options.resetTimeoutMs;
  probes: Admitted[] = [];

  admit(nowMs: number): Admitted | undefined {
    if (this.isolations > 0) return undefined;
    if (this.phase === "open") {
      if (nowMs < this.openedMs + this.openForMs) return undefined;
      this.go("half_open");
    }
    if (this.phase === "half_open") {
      this.probes = this.probes.filter(({ sinceMs }) => nowMs - sinceMs < this.openForMs);
      if (this.probes.length >= options.successThreshold) return undefined;
    }
    const admitted = { era: this.era, sinceMs: nowMs };
    if (this.phase === "half_open") this.probes.push(admitted);
    return admitted;
  }

  end(call: Admitted, end: End, nowMs: number): void {
    if (call.era !== this.era) return;
    if (this.phase === "closed") {
      if (end === "good") this.streak = 0;
      if (end === "fault") this.streak += 1;
      if (this.streak >= options.failureThreshold) this.open(nowMs, options.resetTimeoutMs);
    } else if (this.phase === "half_open") {
      if (end === "fault") {
        const longerMs = this.openForMs * options.resetGrowth;
        this.open(nowMs, Math.min(longerMs, options.resetTimeoutMaxMs));
        return;
      }
      this.probes = this.probes.filter((probe) => probe !== call);
      if (end === "good") this.streak += 1;
      if (this.streak >= options.successThreshold) {
        this.go("closed");
        this.openForMs = options.resetTimeoutMs;
      }
    }
  }

  private open(nowMs: number, forMs: number): void {
    this.go("open");
    this.openedMs = nowMs;
    this.openForMs = forMs;
  }

  private go(phase: Model["phase"]): void {
    this.phase = phase;
    this.era += 1;
    this.streak = 0;
    this.probes = [];
  }
}

const single = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("good", "fault", "dismissed") },
  { weight: 3, arbitrary: fc.constant("begin") },
  {
    weight: 3,
    arbitrary: fc.record({
      end: fc.constantFrom<End[]>("good", "fault", "dismissed"),
      isNewest: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ byMs: fc.integer({ min: 1, max: 2500 }) }) },
  { weight: 1, arbitrary: fc.constantFrom("isolate", "release", "release") },
);
type Deed = typeof single extends fc.Arbitrary<infer D> ? D : never;
/** What seldom comes about by chance: it breaks, its time passes, it mends. */
const phrases: readonly (readonly Deed[])[] = [
  ["fault", "fault", "fault"],
  [{ byMs: 1000 }],
  [{ byMs: 3000 }],
  ["good", "good"],
  ["good", "fault"],
  ["begin", "begin", "begin"],
];
const deeds = fc
  .array(
    fc.oneof(
      single.map((deed): readonly Deed[] => [deed]),
      fc.constantFrom(...phrases),
    ),
    {
      maxLength: 50,
    },
  )
  .map((parts) => parts.flat());

test("in any order of calls, results, pauses and isolations it is what is documented (B1 to B6)", () => {
  fc.assert(
    fc.property(deeds, (course) => {
      const told: string[] = [];
      const breaker = new Breaker(options, (from, to) => void told.push(`${from}>${to}`));
      const model = new Model();
      const under: { readonly ticket: number; readonly admitted: Admitted }[] = [];
      const releases: (() => void)[] = [];
      let nowMs = 5000;
      const begin = (): void => {
        const admitted = model.admit(nowMs);
        const ticket = breaker.isClosed ? breaker.ticket : breaker.admit(nowMs);
        expect(ticket === refused).toBe(admitted === undefined);
        if (admitted !== undefined) under.push({ ticket, admitted });
      };
      const end = (how: End, isNewest = false): void => {
        const call = isNewest ? under.pop() : under.shift();
        if (call === undefined) return;
        model.end(call.admitted, how, nowMs);
        if (how === "good") breaker.succeeded(call.ticket, nowMs, 1);
        else if (how === "fault") breaker.failed(call.ticket, nowMs, 1);
        else breaker.dismissed(call.ticket);
      };
      for (const deed of course) {
        if (typeof deed === "object") {
          if ("byMs" in deed) nowMs += deed.byMs;
          else end(deed.end, deed.isNewest);
        } else if (deed === "begin") begin();
        else if (deed === "isolate") {
          model.isolations += 1;
          releases.push(breaker.isolate("a test"));
        } else if (deed === "release") {
          const release = releases.pop();
          if (release !== undefined) model.isolations -= 1;
          release?.();
        } else {
          begin();
          end(deed);
        }
        const phase = model.isolations > 0 ? "isolated" : model.phase;
        expect(breaker.phase).toBe(phase);
        expect(breaker.isClosed).toBe(phase === "closed");
        const leftMs = Math.max(0, model.openedMs + model.openForMs - nowMs);
        expect(breaker.openLeftMs(nowMs)).toBe(model.phase === "open" ? leftMs : 0);
      }
      for (let place = 1; place < told.length; place += 1) {
        expect(told[place]?.split(">")[0]).toBe(told[place - 1]?.split(">")[1]);
      }
    }),
    { numRuns: 2000 },
  );
});
