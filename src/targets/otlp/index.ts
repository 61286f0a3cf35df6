/**
 * What others tell by OTLP: engines inside services, and any OpenTelemetry SDK. Messages are read
 * from protobuf or JSON, and put together into one bounded picture of every engine. The door to
 * the network, with its limits on bytes and its tokens, is the API's.
 */
import { logsMessage, metricsMessage, tracesMessage } from "./messages.ts";
import { type Message, ProtobufError, readProtobuf } from "./protobuf.ts";
import type { Signal } from "./telemetry.ts";

export {
  EngineBook,
  type EngineFailure,
  type EngineReport,
  type EngineSeries,
  type EngineWindow,
  type ErrorFigures,
  type OperationFigures,
  type ProviderFigures,
  type Taken,
} from "./engine-book.ts";
export { turnsAway } from "./engine-operations.ts";
export { type SharedError, sharedErrors } from "./shared-errors.ts";
export { readTelemetry, type Signal, type Telemetry } from "./telemetry.ts";
export { ProtobufError };

const messages: Readonly<Record<Signal, Message>> = {
  metrics: metricsMessage,
  logs: logsMessage,
  traces: tracesMessage,
};

/** In the shape of its JSON form. Throws a `ProtobufError` for bytes that are no such message. */
export function readOtlpProtobuf(signal: Signal, bytes: Uint8Array): unknown {
  return readProtobuf(bytes, messages[signal]);
}
