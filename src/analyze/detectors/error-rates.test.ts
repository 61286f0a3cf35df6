import { describe, expect, it } from "vitest";
import type { Reading } from "../../model/index.ts";
import { opinions } from "./detector-bench.ts";
import { errorRateDetector } from "./error-rate.ts";
import { requestErrorsDetector } from "./request-errors.ts";

describe("error rate of looks", () => {
  const detector = errorRateDetector({ sensor: "liveness", share: 0.02 });
  const look = (ok: boolean): Reading =>
    ok
      ? { kind: "check", ok, elapsedMs: 1, reason: "200" }
      : { kind: "check", ok, elapsedMs: 1, symptom: "status", reason: "500" };
  /** Every `every`-th of them fails. */
  const looks = (count: number, every: number): Reading[] =>
    Array.from({ length: count }, (_, index) => look((index + 1) % every !== 0));

  it("is judged when enough was seen, and enough of it failed", () => {
    const given = opinions(detector, "liveness", looks(60, 20));
    expect(given.findIndex((opinion) => opinion?.kind === "bad")).toBe(59);
    expect(given.at(-1)).toMatchObject({
      type: "threshold_exceeded",
      reason: "3 of the last 60 looks failed (5 %); declared are 2 %",
    });
    // Two failed looks in a row are no share.
    expect(
      opinions(detector, "liveness", [...looks(100, 1000), look(false), look(false)]).at(-1),
    ).toMatchObject({ kind: "good" });
  });

  it("is over when fewer fail", () => {
    const given = opinions(detector, "liveness", [...looks(60, 20), ...looks(200, 1000)]);
    expect(given.at(-1)).toMatchObject({ kind: "good" });
  });
});

describe("error rate of requests", () => {
  const detector = requestErrorsDetector({ share: 0.01, windowMs: 10_000 });
  const counted = (requests: number, failures: number): Reading => ({
    kind: "samples",
    samples: [
      { series: "requests:shop", value: requests, unit: "count" },
      { series: "failures:shop", value: failures, unit: "count" },
      { series: "requests:quiet", value: 0, unit: "count" },
      { series: "failures:quiet", value: 0, unit: "count" },
    ],
  });

  it("is of what was counted within the window, by service", () => {
    const given = opinions(detector, "proxy", [counted(1000, 500), counted(1100, 504)]);
    expect(given[0]).toMatchObject({ kind: "good" });
    expect(given[1]).toMatchObject({
      type: "threshold_exceeded",
      reason: "shop: 4 of 100 requests failed within 1 s (4 %); declared are 1 %",
    });
    const later = Array.from({ length: 12 }, () => counted(1100, 504));
    expect(
      opinions(detector, "proxy", [counted(1000, 500), counted(1100, 504), ...later]).at(-1),
    ).toMatchObject({ kind: "good" });
  });

  it("needs some requests, and begins anew with a new proxy", () => {
    expect(opinions(detector, "proxy", [counted(0, 0), counted(20, 20)]).at(-1)).toMatchObject({
      kind: "good",
    });
    expect(opinions(detector, "proxy", [counted(9000, 0), counted(100, 100)]).at(-1)).toMatchObject(
      { kind: "good" },
    );
    const renewed = [counted(9000, 0), counted(100, 100), counted(200, 200)];
    expect(opinions(detector, "proxy", renewed).at(-1)).toMatchObject({
      reason: "shop: 100 of 100 requests failed within 1 s (100 %); declared are 1 %",
    });
  });
});
