import type { Fleet, ProbeSpec, ResourceSpec, ServiceSpec } from "../config/index.ts";
import {
  frontProxy,
  hostClock,
  hostNetwork,
  instanceOf,
  type ResourceId,
  type Severity,
} from "../model/index.ts";
import type { AskPatience, Detector } from "./detector.ts";
import { certificateDetector } from "./detectors/certificate.ts";
import { type ChecksOptions, checksDetector } from "./detectors/checks.ts";
import { deviationDetector, type Usual } from "./detectors/deviation.ts";
import { errorRateDetector } from "./detectors/error-rate.ts";
import { exhaustionDetector } from "./detectors/exhaustion.ts";
import { flappingDetector } from "./detectors/flapping.ts";
import { latencyDetector } from "./detectors/latency.ts";
import { type OccurrencesOptions, occurrencesDetector } from "./detectors/occurrences.ts";
import { portConflictDetector } from "./detectors/port-conflict.ts";
import { processLifeDetector } from "./detectors/process-life.ts";
import { proxyListenDetector } from "./detectors/proxy-listen.ts";
import { requestErrorsDetector } from "./detectors/request-errors.ts";
import { stalledWorkDetector } from "./detectors/stalled-work.ts";
import { stoppedDetector } from "./detectors/stopped.ts";
import { vaultDetector } from "./detectors/vault.ts";

/** Nobody answers on its socket: that is a fact after one look. */
function forProxy(fleet: Fleet, { patience: ask }: Senses): readonly Detector[] {
  const { errorRate: share } = fleet.detection.thresholds;
  return [
    proxyListenDetector(),
    checksDetector({
      sensor: "proxy",
      down: 1,
      of: 1,
      severity: "critical",
      types: { refused: "process_exited", timeout: "hang" },
      patience: { timeoutMs: 1000, ask },
    }),
    ...(share === undefined ? [] : [requestErrorsDetector({ share, windowMs: 60_000 })]),
  ];
}

/** The watcher's own network: what is remote then only looks dead. */
const networkDetectors: readonly Detector[] = [
  checksDetector({
    sensor: "connectivity",
    down: 2,
    of: 3,
    severity: "critical",
    types: {
      refused: "self_isolated",
      reset: "self_isolated",
      timeout: "self_isolated",
      unresolved: "self_isolated",
      sensor: "self_isolated",
    },
  }),
];

/** What detectors may ask beside what they are shown, and those that are made already. */
export interface Senses {
  readonly usual: Usual;
  readonly patience: AskPatience;
  /** Detectors are pure: resources that are judged alike share theirs. By what they are made of. */
  readonly shared: Map<string, readonly Detector[]>;
}

/** So many changes of state within ten minutes are flapping. */
const flapping = { changesMax: 10, windowMs: 600_000 };

/** Which detectors watch a resource, or undefined when the fleet does not know it. */
export function detectorsFor(
  fleet: Fleet,
  resource: ResourceId,
  senses: Senses,
): readonly Detector[] | undefined {
  if (fleet.mode === "off") return undefined;
  const instance = instanceOf(resource);
  if (instance) {
    const service = fleet.services[instance.service];
    return service && service.mode !== "off" ? forInstance(fleet, service, senses) : undefined;
  }
  const spec = fleet.resources[resource];
  if (spec) return sharedFor(fleet, alikeOf(spec), senses);
  if (resource === hostClock) return [clockDetector(fleet)];
  if (resource === hostNetwork) return networkDetectors;
  return resource === frontProxy ? forProxy(fleet, senses) : undefined;
}

function forInstance(fleet: Fleet, service: ServiceSpec, senses: Senses): readonly Detector[] {
  const { usual, patience } = senses;
  const lead = { leadMs: fleet.detection.exhaustionLeadMs, full: 0.95 };
  const hasProbes =
    service.startup !== undefined ||
    service.readiness !== undefined ||
    service.liveness !== undefined;
  const detectors: Detector[] = [
    processLifeDetector({
      restart: service.restart,
      startTimeoutMs: service.start.timeoutMs,
      hasProbes,
      isAskedAgain: service.readiness !== undefined || service.liveness !== undefined,
      loopCrashes: Math.min(loopCrashes, fleet.budgets.crashes),
      crashWindowMs: fleet.budgets.crashWindowMs,
      healthyRunMs: fleet.budgets.healthyRunMs,
      patience,
    }),
    portConflictDetector(),
    certificateDetector({ daysMin: fleet.detection.certificateDays }),
    stoppedDetector({ hasProbes: service.liveness !== undefined, patience: 5 }),
    exhaustionDetector({
      series: {
        "memory.rss": { leadsTo: "memory_exhaustion", ...lead },
        descriptors: { leadsTo: "descriptor_exhaustion", ...lead },
        processes: { leadsTo: "process_exhaustion", ...lead },
      },
    }),
    ...service.work.map((work) =>
      stalledWorkDetector({
        work: work.name,
        stallAfterMs: work.stallAfterMs,
        patience,
      }),
    ),
  ];
  if (service.readiness) detectors.push(readinessDetector(service.readiness, patience));
  const asked = service.liveness ?? service.readiness;
  if (asked) {
    const sensor = service.liveness ? "liveness" : "readiness";
    detectors.push(
      flappingDetector({ sensor, ...flapping }),
      ...declaredLimits(fleet, { sensor, probe: asked }, patience),
    );
  }
  if (fleet.detection.deviation) detectors.push(deviationDetector({ sensors: "all", usual }));
  if (service.liveness) {
    detectors.push(
      checksDetector({
        ...rule(service.liveness, patience),
        sensor: "liveness",
        alsoGood: ["startup"],
        severity: "high",
        types: { timeout: "hang", stale: "heartbeat_missed" },
      }),
    );
  }
  return detectors;
}

/** Whatever the answer is: it is not ready, and gets no requests. It is no reason to restart it. */
function readinessDetector(probe: ProbeSpec, patience: AskPatience): Detector {
  return checksDetector({
    ...rule(probe, patience),
    name: "readiness",
    sensor: "readiness",
    severity: "medium",
    type: "not_ready",
  });
}

/** What the fleet file declares for every probe; nothing is judged by what it does not say. */
function declaredLimits(
  fleet: Fleet,
  { sensor, probe }: { readonly sensor: string; readonly probe: Pick<ProbeSpec, "down" | "of"> },
  patience: AskPatience,
): readonly Detector[] {
  const { errorRate, responseTimeMs } = fleet.detection.thresholds;
  const { down, of } = probe;
  return [
    ...(errorRate === undefined ? [] : [errorRateDetector({ sensor, share: errorRate })]),
    ...(responseTimeMs === undefined
      ? []
      : [latencyDetector({ sensor, limitMs: responseTimeMs, down, of, patience })]),
  ];
}

/** A loop is called a loop after so many crashes, long before quarantine. */
const loopCrashes = 3;

/** All that the detectors of a resource are made of, beside what the fleet says for everybody. */
interface Alike {
  readonly kind: string;
  readonly severity: Severity;
  readonly probe: Pick<ProbeSpec, "down" | "of" | "timeoutMs">;
  readonly log: Pick<OccurrencesOptions, "countMax" | "windowMs"> | undefined;
}

function alikeOf({ kind, severity, probe }: ResourceSpec): Alike {
  const { down, of, timeoutMs } = probe;
  const { countMax, windowMs } = probe.parameters;
  const log = {
    countMax: typeof countMax === "number" ? countMax : 1,
    windowMs: typeof windowMs === "number" ? windowMs : 60_000,
  };
  return {
    kind,
    severity,
    probe: { down, of, timeoutMs },
    log: kind === "log" ? log : undefined,
  };
}

/** Ten thousand resources with equal probes have one set of detectors. */
function sharedFor(fleet: Fleet, alike: Alike, senses: Senses): readonly Detector[] {
  const key = JSON.stringify(alike);
  const known = senses.shared.get(key);
  if (known) return known;
  const made = forResource(fleet, alike, senses);
  senses.shared.set(key, made);
  return made;
}

function forResource(fleet: Fleet, alike: Alike, senses: Senses): readonly Detector[] {
  const { usual, patience } = senses;
  const { kind: sensor, severity, probe, log } = alike;
  if (sensor === "vault") return [vaultDetector()];
  const detectors: Detector[] = [
    checksDetector({
      ...rule(probe, patience),
      sensor,
      severity,
      types: sensor === "heartbeat" ? { stale: "heartbeat_missed" } : {},
    }),
    certificateDetector({ daysMin: fleet.detection.certificateDays }),
    flappingDetector({ sensor, ...flapping }),
    ...(fleet.detection.deviation ? [deviationDetector({ sensors: [sensor], usual })] : []),
    ...declaredLimits(fleet, { sensor, probe }, patience),
  ];
  if (log) detectors.push(occurrencesDetector({ sensor, type: "log_pattern", severity, ...log }));
  if (sensor === "host") detectors.push(hostExhaustion(fleet));
  return detectors;
}

/** A disk fills for days and can be cleaned; memory and descriptors run out within seconds. */
function hostExhaustion({ detection }: Fleet): Detector {
  const full = 0.98;
  const disk = { leadsTo: "disk_exhaustion", leadMs: detection.diskFullWithinMs, full } as const;
  const leadMs = detection.exhaustionLeadMs;
  return exhaustionDetector({
    series: {
      "disk.used": disk,
      "disk.inodes": disk,
      "memory.used": { leadsTo: "memory_exhaustion", leadMs, full },
      "descriptors.allocated": { leadsTo: "descriptor_exhaustion", leadMs, full },
    },
  });
}

function clockDetector(fleet: Fleet): Detector {
  return occurrencesDetector({
    sensor: "clock",
    type: "clock_jump",
    severity: "medium",
    countMax: 1,
    windowMs: fleet.detection.watchMs,
  });
}

function rule(
  { down, of, timeoutMs }: Pick<ProbeSpec, "down" | "of" | "timeoutMs">,
  ask: AskPatience,
): Pick<ChecksOptions, "down" | "of" | "patience"> {
  return { down, of, patience: { timeoutMs, ask } };
}
