/**
 * Decisions of policies as events of the span that is active where they are made, for services that
 * trace with OpenTelemetry: a slow trace shows its retries, its open circuit, its other provider.
 *
 * The package `@opentelemetry/api` is the service's own and optional: without it nothing happens.
 */
import { checkArgument, cutOff, havingOption, messageOf } from "../../kernel/index.ts";
import type { Decided, DecisionKind } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";

/** What is used of `@opentelemetry/api`. */
interface TraceApi {
  readonly trace: {
    getActiveSpan(): SpanLike | undefined;
  };
}

interface SpanLike {
  isRecording(): boolean;
  addEvent(name: string, attributes: Record<string, string | number | boolean>): unknown;
}

const kinds: readonly DecisionKind[] = [
  "retry",
  "retry_refused",
  "timeout",
  "breaker",
  "rejected",
  "hedge",
  "failover",
  "ejected",
  "readmitted",
  "panic",
  "fallback",
];

const textMax = 300;

/** OpenTelemetry's own names. */
const usual: Readonly<Record<string, string>> = {
  category: "error.type",
  error: "exception.message",
};

/** Undefined where the service has no OpenTelemetry. Call the returned function to end it. */
export async function traceDecisions(events: EngineEventHub): Promise<(() => void) | undefined> {
  const hub = havingOption(["on"], "the events of an engine", "hand in engine.events");
  checkArgument(["traceDecisions", "events"], events, hub);
  const api = await import("@opentelemetry/api").catch(() => undefined);
  return api === undefined ? undefined : addDecisionsToSpans(events, api);
}

function addDecisionsToSpans(events: EngineEventHub, { trace }: TraceApi): () => void {
  const show = (decided: Decided): void => {
    const span = trace.getActiveSpan();
    if (span?.isRecording() !== true) return;
    span.addEvent(`soulmirror.${decided.decision.kind}`, attributesOf(decided));
  };
  const ends = kinds.map((kind) => events.on(kind, show));
  return () => {
    for (const end of ends) end();
  };
}

/** Every figure and word of a decision, with the names of OpenTelemetry where it has some. */
function attributesOf({ name, decision, enforced }: Decided) {
  const attributes: Record<string, string | number | boolean> = {
    "soulmirror.operation": name,
    "soulmirror.enforced": enforced,
  };
  for (const [key, value] of Object.entries(decision)) {
    if (key === "kind" || value === undefined) continue;
    const isPlain = typeof value === "number" || typeof value === "boolean";
    const own = `soulmirror.${decision.kind}.${snakeCase(key)}`;
    attributes[usual[key] ?? own] = isPlain ? value : cutOff(messageOf(value), textMax);
  }
  return attributes;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
