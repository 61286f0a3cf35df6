/**
 * The rings of providers of an engine as OTLP metrics: health, latency, cost and order.
 *
 * Every data point has the attributes `soulmirror.provider` and `soulmirror.provider.ring`. What is
 * not known (a latency, a price) has no point.
 */
import type { ProviderGroupReport, ProviderWish } from "../operation.ts";
import { counter, gauge, type Period, pointMaker } from "./operation-metrics.ts";
import type { Attributes, NumberPoint, OtlpMetric } from "./otlp-format.ts";

type Provider = ProviderGroupReport["providers"][number];

/** As numbers, because a gauge is one. */
const states: Readonly<Record<Provider["state"], number>> = { serving: 0, held: 1, ejected: 2 };
const wishes: Readonly<Record<ProviderWish["kind"], number>> = { prefer: 1, eject: 2 };

export function providerMetrics(
  rings: readonly ProviderGroupReport[],
  period: Period,
): readonly OtlpMetric[] {
  const point = pointMaker(period);
  const each = (
    value: (provider: Provider) => number | undefined,
    more: Attributes = {},
  ): readonly NumberPoint[] =>
    rings.flatMap(({ name, providers }) =>
      providers.flatMap((provider) => {
        const found = value(provider);
        const of = { "soulmirror.provider": provider.name, "soulmirror.provider.ring": name };
        return found === undefined ? [] : [point(found, { ...of, ...more })];
      }),
    );
  return [
    counter(
      "soulmirror.provider.calls",
      "{call}",
      each(({ calls }) => calls),
    ),
    counter(
      "soulmirror.provider.faults",
      "{call}",
      each(({ faults }) => faults),
    ),
    counter("soulmirror.provider.tokens", "{token}", [
      ...each(({ inputTokens }) => inputTokens, { "gen_ai.token.type": "input" }),
      ...each(({ outputTokens }) => outputTokens, { "gen_ai.token.type": "output" }),
    ]),
    counter(
      "soulmirror.provider.spent",
      "1",
      each(({ spent }) => spent),
    ),
    gauge(
      "soulmirror.provider.failure_rate",
      "1",
      each(({ failureRate }) => failureRate),
    ),
    gauge(
      "soulmirror.provider.latency",
      "s",
      each(({ latencyMs }) => seconds(latencyMs)),
    ),
    gauge(
      "soulmirror.provider.state",
      "1",
      each(({ state }) => states[state]),
    ),
    gauge(
      "soulmirror.provider.place",
      "1",
      each(({ place }) => place ?? 0),
    ),
    gauge(
      "soulmirror.provider.wish",
      "1",
      each(({ wish }) => (wish ? wishes[wish.kind] : 0)),
    ),
  ].filter((metric) => metric !== undefined);
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
