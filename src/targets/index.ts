/**
 * Targets: the technologies that can be watched and healed, a folder each. A new one is a folder
 * with its sensors and effectors, its line in the lists below, and its conformance suites.
 */
import type { Clock } from "../kernel/index.ts";
import type { Effector, Sensor } from "../model/index.ts";
import { createCommandEffector, createCommandSensor } from "./command/index.ts";
import { declaredHook, type HookOf } from "./declared-hook.ts";
import { createDnsSensor } from "./dns/index.ts";
import { createCleanEffector, createFilesSensor, createRotateEffector } from "./files/index.ts";
import { createHeartbeatSensor, type Heartbeats } from "./heartbeat/index.ts";
import { createHostSensor, createPressureSensor } from "./host/index.ts";
import { createHttpSensor, createWebhookEffector } from "./http/index.ts";
import { createLogSensor } from "./log/index.ts";
import { createPrometheusSensor, createWorkSensor } from "./prometheus/index.ts";
import { createConnectivitySensor, createTcpSensor } from "./tcp/index.ts";
import { createTlsSensor } from "./tls/index.ts";
import { createVaultSensor } from "./vault/index.ts";

export type { HookOf } from "./declared-hook.ts";
export { type Beats, Heartbeats } from "./heartbeat/index.ts";
export { maskWords, secretWords } from "./mask-secrets.ts";
export {
  EngineBook,
  type EngineFailure,
  type EngineReport,
  type EngineWindow,
  type ErrorFigures,
  type OperationFigures,
  ProtobufError,
  type ProviderFigures,
  readOtlpProtobuf,
  readTelemetry,
  type SharedError,
  type Signal,
  sharedErrors,
  type Taken,
  type Telemetry,
  turnsAway,
} from "./otlp/index.ts";
export {
  Cgroups,
  followLog,
  lastLines,
  ProcessTarget,
  type RunningProcess,
  ServiceLog,
} from "./process/index.ts";

/** Every sensor but those of processes, which need the process table. */
export function createSensors(options: SensorOptions): readonly Sensor[] {
  const { clock, environment, heartbeats, vaults: folder } = options;
  return [
    createHttpSensor({ clock }),
    createTcpSensor({ clock }),
    createConnectivitySensor({ clock }),
    createDnsSensor({ clock }),
    createTlsSensor({ clock }),
    createCommandSensor({ clock, environment }),
    createFilesSensor({ clock }),
    createLogSensor({ clock }),
    createHeartbeatSensor({ clock, heartbeats }),
    createHostSensor({ clock }),
    createPressureSensor({ clock }),
    createPrometheusSensor({ clock }),
    createWorkSensor({ clock }),
    createVaultSensor({ clock, folder }),
  ];
}

export interface SensorOptions {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly heartbeats: Heartbeats;
  /** Holds the folder of each vault. */
  readonly vaults: string;
}

export interface EffectorOptions {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a plan names stands in the fleet of the moment. */
  readonly hookOf: HookOf;
  /** Folders that nothing may be deleted from, besides those of the system. */
  readonly protectedPaths: readonly string[];
}

/** Every effector but those of processes and of the front proxy. */
export function createEffectors(options: EffectorOptions): readonly Effector[] {
  const { clock, environment, hookOf, protectedPaths } = options;
  return [
    declaredHook(createCommandEffector({ environment }), hookOf),
    declaredHook(createWebhookEffector(), hookOf),
    createCleanEffector({ clock, protectedPaths }),
    createRotateEffector({ protectedPaths }),
  ];
}
