/**
 * What an engine counted, as samples of the instance that it lives in: beside what is measured from
 * outside they are rolled up, learned, and told when they are unusual. Three series an instance,
 * however many operations it has; and no failure is made of them: that a dependency fails is no
 * reason to restart who noticed it.
 */
import type { Instant } from "../kernel/index.ts";
import type { ServiceView } from "../loop/index.ts";
import type { Observation, Sample } from "../model/index.ts";
import type { EngineWindow } from "../targets/index.ts";

/** Below that a share says nothing. */
const callsMin = 10;

export function engineSamples(
  windows: readonly EngineWindow[],
  services: readonly ServiceView[],
  now: Instant,
): readonly Observation[] {
  return windows.flatMap(({ service, pid, elapsedMs, calls, failed, openBreakers }) => {
    const instances = services.find(({ name }) => name === service)?.instances ?? [];
    const instance = pid === null ? undefined : instances.find((each) => each.pid === pid);
    if (instance === undefined || elapsedMs <= 0) return [];
    const perSecond = (calls / elapsedMs) * 1000;
    const samples: Sample[] = [
      { series: "engine.calls_per_second", value: perSecond, unit: "count" },
      { series: "engine.breakers_open", value: openBreakers, unit: "count" },
    ];
    if (calls >= callsMin) {
      const percent = (failed / calls) * 100;
      samples.push({ series: "engine.failures", value: percent, unit: "percent" });
    }
    return [
      {
        resource: instance.resource,
        sensor: "engine",
        at: now.wallMs,
        begunMs: now.monotonicMs - elapsedMs,
        reading: { kind: "samples", samples },
      },
    ];
  });
}
