/** The operations of an engine as text for a Prometheus scraper. */
import {
  checkArgument,
  checkOptions,
  havingOption,
  listOption,
  numberOption,
  optionsOf,
  wholeOption,
  wordOption,
} from "../../kernel/index.ts";
import {
  type Family,
  type LogSketch,
  type Sample,
  writeExposition,
} from "../../statistics/index.ts";
import type { EngineView, OperationReport } from "../operation.ts";
import { CappedOperations } from "./capped-operations.ts";
import { breakerNumbers } from "./operation-metrics.ts";

export interface ExpositionOptions {
  /** Default 1000; further operations are counted together. */
  readonly operationsMax?: number;
  /** Upper bounds in seconds, ascending. Default 1 ms to 10 s in steps of about 2.5. */
  readonly bounds?: readonly number[];
  readonly format?: "prometheus" | "openmetrics";
}

const usualBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const viewOption = havingOption(["operations"], "an engine", "hand in what createEngine returns");
const shape = optionsOf({
  operationsMax: wholeOption({ min: 1 }),
  bounds: listOption(numberOption({ min: 0 }), { max: 200 }),
  format: wordOption(["prometheus", "openmetrics"]),
});

/**
 * What `GET /metrics` of a service can answer. Counts are exact; a latency within 1 % of a bound
 * may be counted on its other side.
 */
export function exposition(
  view: Pick<EngineView, "service" | "operations">,
  options: ExpositionOptions = {},
): string {
  checkArgument(["exposition", "view"], view, viewOption);
  const checked = checkOptions("exposition", options, shape);
  const { operationsMax = 1000, bounds = usualBounds, format = "prometheus" } = checked;
  const reports = new CappedOperations(operationsMax).cap(view.operations());
  return writeExposition(familiesOf(view.service, reports, bounds), format);
}

function familiesOf(
  service: string,
  reports: readonly OperationReport[],
  bounds: readonly number[],
): readonly Family[] {
  const samples = (of: (report: OperationReport) => readonly Sample[]): readonly Sample[] =>
    reports.flatMap((report) =>
      of(report).map(({ labels, value }) => ({
        labels: { service, operation: report.name, ...labels },
        value,
      })),
    );
  return [
    {
      kind: "counter",
      name: "soulmirror_operation_calls_total",
      help: "Calls that have ended, by outcome and category of the error.",
      samples: samples(callSamples),
    },
    {
      kind: "histogram",
      name: "soulmirror_operation_duration_seconds",
      help: "Latency of the calls that were timed.",
      histograms: reports.map(({ name, latency }) => ({
        labels: { service, operation: name },
        histogram: bucketed(latency, bounds),
      })),
    },
    gauge(
      "soulmirror_operation_in_flight",
      "Calls under way.",
      samples(({ inFlight }) => [{ value: inFlight }]),
    ),
    {
      kind: "counter",
      name: "soulmirror_policy_decisions_total",
      help: "Decisions of policies; enforced is false where the mode only let them be told.",
      samples: samples(decisionSamples),
    },
    gauge(
      "soulmirror_breaker_state",
      "0 closed, 1 half open, 2 open, 3 isolated.",
      samples(({ breaker }) => (breaker === undefined ? [] : [{ value: breakerNumbers[breaker] }])),
    ),
    gauge(
      "soulmirror_breaker_enforced",
      "1: the circuit turns calls away while it is open; 0: it is only told of.",
      samples(({ breaker, breakerEnforced }) =>
        breaker === undefined || breakerEnforced === undefined
          ? []
          : [{ value: breakerEnforced ? 1 : 0 }],
      ),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { kind: "gauge", name, help, samples };
}

function callSamples({ succeeded, failures }: OperationReport): readonly Sample[] {
  const failed = Object.entries(failures).map(([category, value]) => ({
    labels: { outcome: "failure", error_category: category },
    value,
  }));
  return [{ labels: { outcome: "success", error_category: "" }, value: succeeded }, ...failed];
}

function decisionSamples({ decisions }: OperationReport): readonly Sample[] {
  return Object.entries(decisions).flatMap(([decision, { detected, enforced }]) => [
    { labels: { decision, enforced: "true" }, value: enforced },
    { labels: { decision, enforced: "false" }, value: detected - enforced },
  ]);
}

function bucketed(latency: LogSketch, bounds: readonly number[]) {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  latency.forEachBin((middleMs, count) => {
    const place = bounds.findIndex((bound) => middleMs / 1000 <= bound);
    const bucket = place < 0 ? bounds.length : place;
    counts[bucket] = (counts[bucket] ?? 0) + count;
  });
  return { bounds, counts, sum: latency.sum / 1000 };
}
