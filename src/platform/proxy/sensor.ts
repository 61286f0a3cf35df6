/**
 * Looks at the front proxy: does it live, does it answer, does it listen where it should? Each port
 * that it cannot have is told with its holder. That it has died is told without a look.
 */
import type { Clock } from "../../kernel/index.ts";
import {
  frontProxy,
  type Observation,
  type PortHeldReading,
  type Reading,
  type RouteReport,
  type Sensor,
} from "../../model/index.ts";
import { portHolder } from "../../system/index.ts";
import type { ProxyKeeper } from "./keeper.ts";

export function proxySensor(keeper: ProxyKeeper, clock: Clock): Sensor {
  return {
    kind: "proxy",
    async read({ spec }): Promise<readonly Reading[]> {
      const begunMs = clock.now().monotonicMs;
      const check = (ok: boolean, symptom: "refused" | "timeout", reason: string): Reading => {
        const elapsedMs = clock.now().monotonicMs - begunMs;
        return ok
          ? { kind: "check", ok, elapsedMs, reason }
          : { kind: "check", ok, elapsedMs, symptom, reason };
      };
      if (keeper.isBeingReplaced) return [];
      if (keeper.process === undefined) {
        return [gone(clock.now().monotonicMs - begunMs)];
      }
      let reports: readonly RouteReport[];
      try {
        reports = await keeper.router.reports();
      } catch {
        // That it does not answer is the finding.
        return [check(false, "timeout", "the front proxy does not answer on its socket")];
      }
      const counts = spec.parameters["counts"] === true ? [countsOf(reports)] : [];
      const [deaf, ...others] = deafIn(reports).map(held);
      if (deaf === undefined) return [check(true, "refused", "it answers"), ...counts];
      return [others.length === 0 ? deaf : { ...deaf, others }, ...counts];
    },
  };
}

/** For the keeper of the lifeline: the proxy has ended and nobody asked it to. */
export function proxyGone(clock: Clock): Observation {
  const { wallMs, monotonicMs } = clock.now();
  return {
    resource: frontProxy,
    sensor: "proxy",
    at: wallMs,
    begunMs: monotonicMs,
    reading: gone(0),
  };
}

function gone(elapsedMs: number): Reading {
  return {
    kind: "check",
    ok: false,
    elapsedMs,
    symptom: "refused",
    reason: "the front proxy is gone",
  };
}

function countsOf(reports: readonly RouteReport[]): Reading {
  const samples = reports.flatMap(({ service, requests, failures }) => [
    { series: `requests:${service}`, value: requests, unit: "count" } as const,
    { series: `failures:${service}`, value: failures, unit: "count" } as const,
  ]);
  return { kind: "samples", samples };
}

interface Deaf extends RouteReport {
  readonly listenError: string;
}

/** One without an error has only just been declared. */
function deafIn(reports: readonly RouteReport[]): readonly Deaf[] {
  return reports.filter(
    (report): report is Deaf => !report.listening && report.listenError !== undefined,
  );
}

function held({ service, host, port, listenError: error }: Deaf): PortHeldReading {
  const holder = portHolder(host, port);
  return { kind: "port-held", port, service, error, ...(holder ? { holder } : {}) };
}
