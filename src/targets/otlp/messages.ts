/**
 * The messages of OTLP (opentelemetry-proto 1.x), as far as they are read here: number, name in
 * JSON and type of each field.
 */
import type { Field, FieldType, Message } from "./protobuf.ts";

type Fields = Readonly<Record<number, Field>>;

function one(name: string, type: FieldType): Field {
  return { name, type };
}

function many(name: string, type: FieldType): Field {
  return { name, type, isRepeated: true };
}

/** Made once, when it is first asked for: messages name each other. */
function message(make: () => Fields): Message {
  let fields: Fields | undefined;
  return () => (fields ??= make());
}

const anyValue = message(() => ({
  1: one("stringValue", "string"),
  2: one("boolValue", "bool"),
  3: one("intValue", "int"),
  4: one("doubleValue", "double"),
}));

const keyValue = message(() => ({ 1: one("key", "string"), 2: one("value", anyValue) }));
const resource = message(() => ({ 1: many("attributes", keyValue) }));

const numberPoint = message(() => ({
  4: one("asDouble", "double"),
  6: one("asInt", "sfixed64"),
  7: many("attributes", keyValue),
}));

const histogramPoint = message(() => ({
  4: one("count", "fixed64"),
  5: one("sum", "double"),
  6: many("bucketCounts", "fixed64"),
  7: many("explicitBounds", "double"),
  9: many("attributes", keyValue),
}));

const buckets = message(() => ({ 1: one("offset", "sint"), 2: many("bucketCounts", "int") }));

const exponentialPoint = message(() => ({
  1: many("attributes", keyValue),
  4: one("count", "fixed64"),
  5: one("sum", "double"),
  6: one("scale", "sint"),
  7: one("zeroCount", "fixed64"),
  8: one("positive", buckets),
  9: one("negative", buckets),
}));

function data(point: Message): Message {
  return message(() => ({
    1: many("dataPoints", point),
    2: one("aggregationTemporality", "int"),
    3: one("isMonotonic", "bool"),
  }));
}

const summaryPoint = message(() => ({
  4: one("count", "fixed64"),
  5: one("sum", "double"),
  7: many("attributes", keyValue),
}));

const metric = message(() => ({
  1: one("name", "string"),
  3: one("unit", "string"),
  5: one("gauge", data(numberPoint)),
  7: one("sum", data(numberPoint)),
  9: one("histogram", data(histogramPoint)),
  10: one("exponentialHistogram", data(exponentialPoint)),
  11: one("summary", data(summaryPoint)),
}));

const scopeMetrics = message(() => ({ 2: many("metrics", metric) }));
const resourceMetrics = message(() => ({
  1: one("resource", resource),
  2: many("scopeMetrics", scopeMetrics),
}));

const logRecord = message(() => ({
  2: one("severityNumber", "int"),
  3: one("severityText", "string"),
  5: one("body", anyValue),
  6: many("attributes", keyValue),
  12: one("eventName", "string"),
}));

const scopeLogs = message(() => ({ 2: many("logRecords", logRecord) }));
const resourceLogs = message(() => ({
  1: one("resource", resource),
  2: many("scopeLogs", scopeLogs),
}));

const status = message(() => ({ 3: one("code", "int") }));
const span = message(() => ({ 5: one("name", "string"), 15: one("status", status) }));
const scopeSpans = message(() => ({ 2: many("spans", span) }));
const resourceSpans = message(() => ({
  1: one("resource", resource),
  2: many("scopeSpans", scopeSpans),
}));

export const metricsMessage: Message = message(() => ({
  1: many("resourceMetrics", resourceMetrics),
}));
export const logsMessage: Message = message(() => ({ 1: many("resourceLogs", resourceLogs) }));
export const tracesMessage: Message = message(() => ({ 1: many("resourceSpans", resourceSpans) }));
