import { describe, expect, test } from "vitest";
import { type Family, formatFor, writeExposition } from "./exposition.ts";

const families: readonly Family[] = [
  {
    kind: "counter",
    name: "falls_total",
    help: 'A "quoted" help\nof two lines.',
    samples: [{ labels: { what: 'a\\b"c\nd' }, value: 3 }],
  },
  { kind: "gauge", name: "load", help: "Load.", samples: [{ value: Number.POSITIVE_INFINITY }] },
  {
    kind: "histogram",
    name: "wait_seconds",
    help: "Waiting.",
    histograms: [
      { histogram: { bounds: [0.1, 1], counts: [2, 1, 4], sum: 20.5 } },
      { labels: { of: "x" }, histogram: { bounds: [1], counts: [0, 1], sum: 2 } },
    ],
  },
];

describe("exposition", () => {
  test("Prometheus text", () => {
    expect(writeExposition(families, "prometheus")).toBe(
      [
        '# HELP falls_total A "quoted" help\\nof two lines.',
        "# TYPE falls_total counter",
        'falls_total{what="a\\\\b\\"c\\nd"} 3',
        "# HELP load Load.",
        "# TYPE load gauge",
        "load +Inf",
        "# HELP wait_seconds Waiting.",
        "# TYPE wait_seconds histogram",
        'wait_seconds_bucket{le="0.1"} 2',
        'wait_seconds_bucket{le="1"} 3',
        'wait_seconds_bucket{le="+Inf"} 7',
        "wait_seconds_sum 20.5",
        "wait_seconds_count 7",
        'wait_seconds_bucket{of="x",le="1"} 0',
        'wait_seconds_bucket{of="x",le="+Inf"} 1',
        'wait_seconds_sum{of="x"} 2',
        'wait_seconds_count{of="x"} 1',
        "",
      ].join("\n"),
    );
  });

  test("OpenMetrics names the family of a counter without _total and ends with EOF", () => {
    const text = writeExposition(families.slice(0, 1), "openmetrics");
    expect(text).toBe(
      [
        '# HELP falls A \\"quoted\\" help\\nof two lines.',
        "# TYPE falls counter",
        'falls_total{what="a\\\\b\\"c\\nd"} 3',
        "# EOF",
        "",
      ].join("\n"),
    );
  });

  test.each([
    [undefined, "prometheus"],
    ["text/plain", "prometheus"],
    ["application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "openmetrics"],
  ] as const)("Accept %j is answered with %s", (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});
