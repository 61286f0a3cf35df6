/**
 * What a message of OTLP says, read from its JSON form (protobuf is read into the same form).
 *
 * Readers are lenient where the specification is: unknown fields are skipped, 64-bit integers come
 * as numbers or texts, a missing field is its default. What has no name or no number is `unread`.
 */
export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface Histogram {
  readonly count: number;
  readonly sum: number;
  /** Of an exponential one. */
  readonly scale?: number;
  readonly zeroCount?: number;
  readonly offset?: number;
  readonly counts?: readonly number[];
}

export interface Point {
  readonly metric: string;
  readonly unit: string;
  readonly attributes: Attributes;
  /** Of a histogram its sum. */
  readonly value: number;
  readonly histogram?: Histogram;
  /** It is what was added since the last message, and not since the beginning. */
  readonly isDelta: boolean;
}

export interface LogLine {
  readonly event: string | undefined;
  readonly severity: string;
  readonly body: string;
  readonly attributes: Attributes;
}

export interface Telemetry {
  readonly resource: Attributes;
  readonly points: readonly Point[];
  readonly logs: readonly LogLine[];
  readonly spans: number;
  readonly failedSpans: number;
  /** Points, lines and spans that could not be understood. */
  readonly unread: number;
}

type Thing = Readonly<Record<string, unknown>>;

const textMax = 500;
const attributesMax = 64;

export type Signal = "metrics" | "logs" | "traces";

/** One for each resource of the message. Never throws: what is not understood is counted. */
export function readTelemetry(signal: Signal, message: unknown): readonly Telemetry[] {
  if (signal === "metrics") return things(message, "resourceMetrics").map(readMetrics);
  if (signal === "logs") return things(message, "resourceLogs").map(readLogs);
  return things(message, "resourceSpans").map(readSpans);
}

const nothing = { points: [], logs: [], spans: 0, failedSpans: 0, unread: 0 } as const;

function readMetrics(part: Thing): Telemetry {
  const metrics = things(part, "scopeMetrics").flatMap((scope) => things(scope, "metrics"));
  const read = metrics.flatMap(pointsOf);
  const points = read.filter((point) => point !== undefined);
  return { ...nothing, resource: resourceOf(part), points, unread: read.length - points.length };
}

function pointsOf(metric: Thing): readonly (Point | undefined)[] {
  const name = textOf(metric["name"]);
  const unit = textOf(metric["unit"]);
  for (const kind of ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const) {
    const data = metric[kind];
    if (!isThing(data)) continue;
    const isDelta = numberOf(data["aggregationTemporality"]) === 1;
    return things(data, "dataPoints").map((point) => {
      const attributes = attributesOf(point["attributes"]);
      const histogram = kind === "gauge" || kind === "sum" ? undefined : histogramOf(point);
      const value = histogram?.sum ?? numberOf(point["asDouble"] ?? point["asInt"]);
      if (name === "" || value === undefined) return undefined;
      const common = { metric: name, unit, attributes, value, isDelta };
      return histogram === undefined ? common : { ...common, histogram };
    });
  }
  return [];
}

function histogramOf(point: Thing): Histogram {
  const count = numberOf(point["count"]) ?? 0;
  const sum = numberOf(point["sum"]) ?? 0;
  const { positive } = point;
  if (!isThing(positive)) return { count, sum };
  return {
    count,
    sum,
    scale: numberOf(point["scale"]) ?? 0,
    zeroCount: numberOf(point["zeroCount"]) ?? 0,
    offset: numberOf(positive["offset"]) ?? 0,
    counts: listOf(positive["bucketCounts"]).map((each) => numberOf(each) ?? 0),
  };
}

function readLogs(part: Thing): Telemetry {
  const records = things(part, "scopeLogs").flatMap((scope) => things(scope, "logRecords"));
  const logs = records.map((record): LogLine => {
    const attributes = attributesOf(record["attributes"]);
    const event = textOf(record["eventName"]) || String(attributes["event.name"] ?? "");
    return {
      event: event === "" ? undefined : event,
      severity: textOf(record["severityText"]) || severityWord(numberOf(record["severityNumber"])),
      body: String(valueOf(record["body"]) ?? ""),
      attributes,
    };
  });
  return { ...nothing, resource: resourceOf(part), logs };
}

function severityWord(number = 0): string {
  if (number >= 17) return "ERROR";
  return number >= 13 ? "WARN" : "INFO";
}

const failedStatus = 2;

function readSpans(part: Thing): Telemetry {
  const spans = things(part, "scopeSpans").flatMap((scope) => things(scope, "spans"));
  const failed = spans.filter(({ status }) => {
    const code = isThing(status) ? status["code"] : undefined;
    return numberOf(code) === failedStatus || code === "STATUS_CODE_ERROR";
  });
  const resource = resourceOf(part);
  return { ...nothing, resource, spans: spans.length, failedSpans: failed.length };
}

function resourceOf({ resource }: Thing): Attributes {
  return isThing(resource) ? attributesOf(resource["attributes"]) : {};
}

function attributesOf(list: unknown): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const pair of listOf(list).slice(0, attributesMax)) {
    if (!isThing(pair)) continue;
    const key = textOf(pair["key"]);
    const value = valueOf(pair["value"]);
    if (key !== "" && value !== undefined) attributes[key] = value;
  }
  return attributes;
}

/** Lists and maps within an attribute are left out: nothing here asks for them. */
function valueOf(value: unknown): AttributeValue | undefined {
  if (!isThing(value)) return undefined;
  const { stringValue, boolValue, intValue, doubleValue } = value;
  if (typeof stringValue === "string") return stringValue.slice(0, textMax);
  if (typeof boolValue === "boolean") return boolValue;
  return numberOf(intValue ?? doubleValue);
}

function things(from: unknown, key: string): readonly Thing[] {
  return isThing(from) ? listOf(from[key]).filter(isThing) : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isThing(value: unknown): value is Thing {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, textMax) : "";
}

function numberOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const number =
    typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}
