/** What holds for the calls of one operation: the object that its plan is compiled from. */
import { engineParts, type Mode } from "../../kernel/index.ts";
import type { BreakerOptions } from "../../resilience/index.ts";
import type { CallValues, Part, RetryPermission, SwitchName } from "./setting.ts";

export interface RetrySettings {
  readonly permission: RetryPermission;
  /** Calls at most, the first one included. */
  readonly attempts: number;
  readonly delayMs: number;
  readonly growth: number;
  readonly delayMaxMs: number;
  /** Share of retries among all calls. */
  readonly budget: number;
}

export interface OperationSettings {
  /** `off`: the raw method. `shadow` and `monitor`: decisions are made and none is enforced. */
  readonly mode: Mode;
  /** Which parts may do what they decide, after mode, `limited_to` and switches. */
  readonly acts: Readonly<Record<Part, boolean>>;
  /** Undefined: none. */
  readonly timeoutMs: number | undefined;
  readonly retry: RetrySettings;
  /** Undefined: this operation has none. */
  readonly breaker: BreakerOptions | undefined;
  readonly bulkhead: { readonly limit: number; readonly queue: number } | undefined;
  /** Undefined: as many calls as come. */
  readonly perSecond: number | undefined;
  readonly strategies: readonly string[];
  readonly healthCheck: HealthCheckSetting | undefined;
}

export type HealthCheckSetting =
  | { readonly kind: "url"; readonly url: string }
  /** The service's address is known to whoever registers it. */
  | { readonly kind: "path"; readonly path: string }
  /** A check that is registered in code. */
  | { readonly kind: "custom" };

type Get = <K extends keyof CallValues>(name: K) => CallValues[K];

/** Parts that a switch of their own holds back. */
const switchOfPart: Partial<Record<Part, SwitchName>> = {
  retry: "retry",
  breaker: "breakers",
  failover: "failover",
  recovery: "autoRecovery",
  optimize: "autoRecovery",
};

export function operationSettings(
  get: Get,
  mode: Mode,
  switches: Readonly<Record<SwitchName, boolean>>,
): OperationSettings {
  const acts = {} as Record<Part, boolean>;
  const named = get("limitedTo");
  for (const part of engineParts) {
    const held = switchOfPart[part];
    const isLetIn = mode === "full" || (mode === "limited" && named.includes(part));
    acts[part] = isLetIn && (held === undefined || switches[held]);
  }
  const limit = get("bulkhead.limit");
  return Object.freeze({
    mode,
    acts: Object.freeze(acts),
    timeoutMs: get("timeoutMs") === 0 ? undefined : get("timeoutMs"),
    retry: Object.freeze({
      permission: get("retry.permission"),
      attempts: get("retry.attempts"),
      delayMs: get("retry.delayMs"),
      growth: get("retry.growth"),
      delayMaxMs: get("retry.delayMaxMs"),
      budget: get("retry.budget"),
    }),
    breaker: get("breaker.enabled") ? Object.freeze(breakerOf(get)) : undefined,
    bulkhead: limit === undefined ? undefined : { limit, queue: get("bulkhead.queue") },
    perSecond: get("rate.perSecond"),
    strategies: get("strategies"),
    healthCheck: healthCheckOf(get("healthCheck"), get("address")),
  });
}

function breakerOf(get: Get): BreakerOptions {
  return {
    failureThreshold: get("breaker.failureThreshold"),
    successThreshold: get("breaker.successThreshold"),
    resetTimeoutMs: get("breaker.resetTimeoutMs"),
    resetGrowth: get("breaker.resetGrowth"),
    resetTimeoutMaxMs: Math.max(get("breaker.resetTimeoutMaxMs"), get("breaker.resetTimeoutMs")),
    failureRate: get("breaker.failureRate"),
    slowCallRate: get("breaker.slowCallRate"),
    slowCallMs: get("breaker.slowCallMs"),
    windowMs: get("breaker.windowMs"),
    minimumCalls: get("breaker.minimumCalls"),
  };
}

function healthCheckOf(
  written: string | undefined,
  address: string | undefined,
): HealthCheckSetting | undefined {
  if (written === undefined) return undefined;
  if (written === "custom") return { kind: "custom" };
  if (!written.startsWith("/")) return { kind: "url", url: written };
  if (address === undefined || !URL.canParse(address)) return { kind: "path", path: written };
  // Not resolved: `//elsewhere` is a path as well, and never leads to another host.
  return { kind: "url", url: `${new URL(address).origin}${written}` };
}
