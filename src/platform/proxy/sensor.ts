/**
 * Looks at the front proxy: does it live, does it answer, for whom does it listen? Each port that
 * it cannot have is a reading of its own, with its holder. That it has died is told without a look.
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
      const elapsedMs = (): number => clock.now().monotonicMs - begunMs;
      if (keeper.isBeingReplaced) return [];
      if (keeper.process === undefined) return [gone(elapsedMs())];
      let reports: readonly RouteReport[];
      try {
        reports = await keeper.router.reports();
      } catch {
        // That it does not answer is the finding.
        return [silent(elapsedMs())];
      }
      const counts = spec.parameters["counts"] === true ? [countsOf(reports)] : [];
      return [answers(reports, elapsedMs()), ...deafIn(reports).map(held), ...counts];
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

function silent(elapsedMs: number): Reading {
  const reason = "the front proxy does not answer on its socket";
  return { kind: "check", ok: false, elapsedMs, symptom: "timeout", reason };
}

function answers(reports: readonly RouteReport[], elapsedMs: number): Reading {
  const listening = reports.filter((each) => each.listening).map(({ service }) => service);
  return { kind: "check", ok: true, elapsedMs, reason: "it answers", listening };
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
