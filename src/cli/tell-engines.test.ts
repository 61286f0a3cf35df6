import { expect, test } from "vitest";
import type { EngineReport, OperationFigures } from "../targets/index.ts";
import { engineTable } from "./engine-table.ts";
import { createStyle } from "./style.ts";
import { engineLine, sharedErrorLines, tellEngines } from "./tell-engines.ts";

const style = createStyle({ isColoured: false, isAscii: true, width: () => 200 });

function engine(breakerEnforced: OperationFigures["breakerEnforced"]): EngineReport {
  const operation: OperationFigures = {
    name: "mail.send",
    calls: 10,
    failed: 1,
    failures: { timeout: 1 },
    inFlight: 0,
    p50Ms: 1,
    p99Ms: 2,
    breaker: "open",
    breakerReason: null,
    breakerEnforced,
    decisions: {},
  };
  return {
    service: "shop",
    id: "a",
    pid: 7,
    host: null,
    sender: "soulmirror 0.1.0",
    firstSeenAt: 0,
    seenAt: 0,
    figuresAt: 0,
    operations: [operation],
    providers: [],
    errors: [],
    series: [],
    failures: [],
    spans: 0,
    failedSpans: 0,
    refused: 0,
  };
}

test.each([
  [null, "1 circuit open: shop: mail.send", { row: "circuit open", cell: "1 circuit" }],
  [true, "1 circuit open: shop: mail.send", { row: "circuit open", cell: "1 circuit" }],
  [false, "no circuit open", { row: "circuit open, not enforced", cell: "-" }],
])(
  "an open circuit, enforced %s, is the same everywhere",
  (breakerEnforced, line, { row, cell }) => {
    const engines = [engine(breakerEnforced)];
    expect(engineLine(engines, style)).toContain(line);
    const [told] = tellEngines(engines, { style, nowMs: 1000 });
    expect(told?.split("\n")[1]?.endsWith(row)).toBe(true);
    const table = engineTable({ engines, steered: [] }, style).split("\n");
    expect(table[1]?.split(/ {2,}/).at(-1)).toBe(cell);
  },
);

function failing(service: string, at: number): EngineReport {
  const error = {
    id: "1",
    headline: "api.order → db.query: ECONNREFUSED 127.0.0.1:5432",
    origin: "db.query",
    resource: "127.0.0.1:5432",
    category: "connection_refused",
    calls: 12,
    isBursting: true,
    relation: "it follows",
    at,
  };
  return { ...engine(null), service, errors: [error] };
}

test("errors are shown once, with their way, how often, and what is known of them", () => {
  const [told] = tellEngines([failing("shop", 0)], { style, nowMs: 3000 });
  const line = /12 errors +3 s ago +burst +api\.order → db\.query: ECONNREFUSED 127\.0\.0\.1:5432/;
  expect(told).toMatch(line);
  expect(told).toContain("it follows");
});

test("what several services fail on is one line, and over when they do so no more", () => {
  const engines = [failing("shop", 0), failing("mail", 1000), failing("bill", 1000)];
  expect(sharedErrorLines(engines, { style, nowMs: 2000 })).toContain(
    "3 services fail on 127.0.0.1:5432: connection refused; bill, mail, shop",
  );
  expect(sharedErrorLines(engines, { style, nowMs: 300_500 })).toContain("2 services fail on");
  expect(sharedErrorLines(engines, { style, nowMs: 400_000 })).toBe("");
  expect(sharedErrorLines([failing("shop", 0), failing("shop", 0)], { style, nowMs: 0 })).toBe("");
});
