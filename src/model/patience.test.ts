import { describe, expect, it } from "vitest";
import type { Reading } from "./observation.ts";
import { createPatience, notePressure, patienceAt, patienceText } from "./patience.ts";

function reading(series: string, value: number): Reading {
  return { kind: "samples", samples: [{ series, value, unit: "percent" }] };
}

function factorAfter(series: string, value: number): number {
  const state = createPatience();
  notePressure(state, reading(series, value), 0);
  return patienceAt(state, 1).factor;
}

describe("patience", () => {
  it("grows with the pressure, and is bounded (P1)", () => {
    const factors = [0, 40, 65, 90, 100].map((percent) => factorAfter("pressure.cpu", percent));
    expect(factors).toEqual([1, 1, 2.5, 4, 4]);
  });

  it("goes by the load where the kernel does not count", () => {
    expect([0.5, 1.5, 4, 40].map((load) => factorAfter("load.processor", load))).toEqual([
      1, 1, 4, 4,
    ]);
  });

  it("lasts for a while after the pressure, and ends (P2)", () => {
    const state = createPatience();
    notePressure(state, reading("pressure.cpu", 90), 0);
    notePressure(state, reading("pressure.cpu", 0), 500);
    expect(patienceAt(state, 9999).factor).toBe(4);
    expect(patienceAt(state, 10_000).factor).toBe(1);
    notePressure(state, reading("pressure.cpu", 65), 10_500);
    expect(patienceAt(state, 10_500).factor).toBe(2.5);
  });

  it("says why, and nothing when there is nothing to say", () => {
    const state = createPatience();
    expect(patienceText(patienceAt(state, 0))).toBe("");
    notePressure(state, reading("pressure.cpu", 93.4), 0);
    expect(patienceText(patienceAt(state, 1))).toBe(
      " (waited for 4 times as long, because processes of this machine waited for a processor 93 % of the time)",
    );
  });

  it("knows nothing from what says nothing", () => {
    expect(factorAfter("memory.used", 99)).toBe(1);
    const state = createPatience();
    notePressure(state, { kind: "check", ok: true, elapsedMs: 1, reason: "" }, 0);
    expect(patienceAt(state, 1).factor).toBe(1);
  });
});
