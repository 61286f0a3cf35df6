import type { Fleet, ProbeSpec, ResourceSpec, ServiceSpec } from "../config/index.ts";
import { frontProxy, hostClock, hostNetwork, instanceOf, type ResourceId } from "../model/index.ts";
import type { Detector } from "./detector.ts";
import { certificateDetector } from "./detectors/certificate.ts";
import { checksDetector } from "./detectors/checks.ts";
import { deviationDetector, type Usual } from "./detectors/deviation.ts";
import { exhaustionDetector } from "./detectors/exhaustion.ts";
import { flappingDetector } from "./detectors/flapping.ts";
import { occurrencesDetector } from "./detectors/occurrences.ts";
import { portConflictDetector } from "./detectors/port-conflict.ts";
import { processLifeDetector } from "./detectors/process-life.ts";
import { stalledWorkDetector } from "./detectors/stalled-work.ts";
import { stoppedDetector } from "./detectors/stopped.ts";

/** Nobody answers on its socket: that is a fact after one look. */
const proxyDetectors: readonly Detector[] = [
  checksDetector({
    sensor: "proxy",
    down: 1,
    of: 1,
    severity: "critical",
    types: { refused: "process_exited", timeout: "hang" },
  }),
];

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

/** So many changes of state within ten minutes are flapping. */
const flapping = { changesMax: 10, windowMs: 600_000 };

/** Which detectors watch a resource, or undefined when the fleet does not know it. */
export function detectorsFor(
  fleet: Fleet,
  resource: ResourceId,
  usual: Usual,
): readonly Detector[] | undefined {
  if (fleet.mode === "off") return undefined;
  const instance = instanceOf(resource);
  if (instance) {
    const service = fleet.services[instance.service];
    return service && service.mode !== "off" ? forInstance(fleet, service, usual) : undefined;
  }
  const spec = fleet.resources[resource];
  if (spec) return forResource(fleet, spec, usual);
  if (resource === hostClock) return [clockDetector(fleet)];
  if (resource === hostNetwork) return networkDetectors;
  return resource === frontProxy ? [portConflictDetector(), ...proxyDetectors] : undefined;
}

function forInstance(fleet: Fleet, service: ServiceSpec, usual: Usual): readonly Detector[] {
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
    }),
    portConflictDetector(),
    stoppedDetector({ hasProbes: service.liveness !== undefined, patience: 5 }),
    exhaustionDetector({
      series: {
        "memory.rss": "memory_exhaustion",
        descriptors: "descriptor_exhaustion",
        processes: "process_exhaustion",
      },
      leadMs: fleet.detection.exhaustionLeadMs,
      full: 0.95,
    }),
    ...service.work.map((work) =>
      stalledWorkDetector({ sensor: `work.${work.name}`, stallAfterMs: work.stallAfterMs }),
    ),
  ];
  if (service.liveness) {
    detectors.push(
      checksDetector({
        ...rule(service.liveness),
        sensor: "liveness",
        alsoGood: ["startup"],
        severity: "high",
        types: { timeout: "hang" },
      }),
      flappingDetector({ sensor: "liveness", ...flapping }),
      deviationDetector({ sensor: "liveness", usual }),
    );
  }
  return detectors;
}

/** A loop is called a loop after so many crashes, long before quarantine. */
const loopCrashes = 3;

function forResource(fleet: Fleet, spec: ResourceSpec, usual: Usual): readonly Detector[] {
  const sensor = spec.kind;
  const detectors: Detector[] = [
    checksDetector({
      ...rule(spec.probe),
      sensor,
      severity: spec.severity,
      types: spec.kind === "heartbeat" ? { stale: "heartbeat_missed" } : {},
    }),
    certificateDetector({ daysMin: fleet.detection.certificateDays }),
    flappingDetector({ sensor, ...flapping }),
    deviationDetector({ sensor, usual }),
  ];
  if (spec.kind === "log") detectors.push(logDetector(spec));
  if (spec.kind === "host") {
    detectors.push(
      exhaustionDetector({
        series: { "disk.used": "disk_exhaustion", "disk.inodes": "disk_exhaustion" },
        leadMs: fleet.detection.diskFullWithinMs,
        full: 0.98,
      }),
    );
  }
  return detectors;
}

function logDetector(spec: ResourceSpec): Detector {
  const { countMax, windowMs } = spec.probe.parameters;
  return occurrencesDetector({
    sensor: "log",
    type: "log_pattern",
    severity: spec.severity,
    countMax: typeof countMax === "number" ? countMax : 1,
    windowMs: typeof windowMs === "number" ? windowMs : 60_000,
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

function rule(probe: ProbeSpec): { down: number; of: number } {
  return { down: probe.down, of: probe.of };
}
