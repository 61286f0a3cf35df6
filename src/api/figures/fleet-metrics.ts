/** The fleet and the daemon as metric families. Base units, as Prometheus wants them. */
import type { ServiceState } from "../../loop/index.ts";
import type { Kept } from "../../model/index.ts";
import type { Family, Sample } from "../../statistics/index.ts";
import type { House } from "../house.ts";
import type { Tally } from "./tally.ts";

const states: readonly ServiceState[] = [
  "starting",
  "healthy",
  "degraded",
  "unhealthy",
  "stopped",
  "quarantined",
];
const keptWords: readonly Kept[] = ["store", "emergency", "memory"];
const healthWords = ["unknown", "healthy", "degraded", "unhealthy"] as const;

export function fleetMetrics(house: House, tally: Tally): readonly Family[] {
  return [...serviceFamilies(house), ...recoveryFamilies(house, tally), ...ownFamilies(house)];
}

function serviceFamilies(house: House): readonly Family[] {
  const services = house.services();
  const resources = house.resources();
  const perService = (value: (service: (typeof services)[number]) => number): readonly Sample[] =>
    services.map((service) => ({ labels: { service: service.name }, value: value(service) }));
  return [
    gauge("soulmirror_service_up", "Whether the service is healthy or degraded (1) or not (0).", [
      ...perService(({ state }) => Number(state === "healthy" || state === "degraded")),
    ]),
    gauge(
      "soulmirror_service_state",
      "1 for the state that the service is in, 0 for the others.",
      services.flatMap(({ name, state }) =>
        states.map((each) => ({
          labels: { service: name, state: each },
          value: Number(each === state),
        })),
      ),
    ),
    gauge(
      "soulmirror_service_instances",
      "Instances of the service, by state.",
      services.flatMap(({ name, instances }) =>
        states.map((state) => ({
          labels: { service: name, state },
          value: instances.filter((instance) => instance.state === state).length,
        })),
      ),
    ),
    counter(
      "soulmirror_service_restarts_total",
      "Starts of instances after their first one.",
      perService(({ restarts }) => restarts),
    ),
    gauge(
      "soulmirror_resource_up",
      "Whether the watched resource is healthy or degraded (1) or not (0); absent while unknown.",
      resources.flatMap(({ resource, health }) =>
        health === "unknown"
          ? []
          : [{ labels: { resource }, value: Number(health !== "unhealthy") }],
      ),
    ),
    gauge(
      "soulmirror_resources",
      "Watched resources, by health.",
      healthWords.map((health) => ({
        labels: { health },
        value: resources.filter((each) => each.health === health).length,
      })),
    ),
  ];
}

function recoveryFamilies(house: House, tally: Tally): readonly Family[] {
  const { verdicts, recovery } = tally;
  return [
    counter(
      "soulmirror_failures_total",
      "Failures found, by type.",
      [...tally.failures].map(([type, value]) => ({ labels: { type }, value })),
    ),
    counter(
      "soulmirror_actions_total",
      "Recovery actions, by strategy and the status that they reached.",
      tally.actions.map(({ strategy, status, count }) => ({
        labels: { strategy, status },
        value: count,
      })),
    ),
    counter("soulmirror_verdicts_total", "Judgements over failures, by whether they were healed.", [
      { labels: { healed: "true" }, value: verdicts.healed },
      { labels: { healed: "false" }, value: verdicts.notHealed },
    ]),
    {
      kind: "histogram",
      name: "soulmirror_recovery_duration_seconds",
      help: "From a failure to the first good observation of its clean window.",
      histograms: [{ histogram: recovery }],
    },
    gauge("soulmirror_incidents_live", "Incidents that are not resolved.", [
      { value: house.liveIncidents().length },
    ]),
    gauge("soulmirror_actions_waiting_for_approval", "Actions that wait for a person.", [
      {
        value: house
          .actionsUnderWay()
          .filter(({ status }) => status.kind === "waiting_for_approval").length,
      },
    ]),
  ];
}

function ownFamilies(house: House): readonly Family[] {
  const { rssBytes, cpuSeconds, loopDelayP99Ms, kept, losses, queued } = house.self();
  return [
    gauge("soulmirror_build_info", "The version that runs; always 1.", [
      { labels: { version: house.version, fleet: house.fleetName }, value: 1 },
    ]),
    gauge("soulmirror_start_time_seconds", "When the daemon began, in Unix time.", [
      { value: house.startedAt / 1000 },
    ]),
    gauge("soulmirror_resident_memory_bytes", "Resident memory of the daemon.", [
      { value: rssBytes },
    ]),
    counter("soulmirror_cpu_seconds_total", "Processor time that the daemon used.", [
      { value: cpuSeconds },
    ]),
    gauge("soulmirror_loop_delay_p99_seconds", "99th percentile of the event loop's delay.", [
      { value: loopDelayP99Ms / 1000 },
    ]),
    gauge("soulmirror_inputs_queued", "Inputs that wait for the next tick.", [{ value: queued }]),
    gauge(
      "soulmirror_journal_kept",
      "1 for the place where the journal is being kept, 0 for the others.",
      keptWords.map((place) => ({ labels: { place }, value: Number(place === kept) })),
    ),
    counter("soulmirror_losses_total", "What was lost because a limit was reached, by kind.", [
      { labels: { kind: "inputs" }, value: losses.inputs },
      { labels: { kind: "metric_rows" }, value: losses.metricRows },
    ]),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { kind: "gauge", name, help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { kind: "counter", name, help, samples };
}
