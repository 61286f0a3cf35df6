/**
 * What healing was worth in a window: detected, healed, failovers, uptime, what users felt, and
 * what a person should still do. Computed from failures, actions and their verdicts alone.
 *
 * A service is down while a failure of category availability or connectivity is open; failures that
 * overlap count once. Its health score is the share of the window without any open failure,
 * weighted by severity.
 * R1. Bounded: at most `rowsMax` rows of each table; `isPartial` says when that was not all.
 */
import type { ActionRow, FailureRow, RouteReport, Severity } from "../../model/index.ts";
import type { House } from "../house.ts";
import { verdictOf } from "../verdict-of.ts";
import { suggestActions } from "./action-items.ts";
import { type Span, totalLength } from "./spans.ts";

const rowsMax = 5000;
const pageSize = 500;
/** A failure that began longer before the window and ended in it is not seen. */
const lookBackMs = 86_400_000;
const weights: Readonly<Record<Severity, number>> = {
  low: 0.1,
  medium: 0.3,
  high: 0.7,
  critical: 1,
};
const downCategories: ReadonlySet<string> = new Set(["availability", "connectivity"]);
const failovers: ReadonlySet<string> = new Set(["switch_alternative", "provider_failover"]);

interface Window {
  readonly fromAt: number;
  readonly toAt: number;
}

export async function makeHealingReport(house: House, windowMs: number) {
  const toAt = house.clock.now().wallMs;
  const window = { fromAt: toAt - windowMs, toAt };
  const failures = await failuresIn(house, window);
  const begun = failures.rows.filter(({ timestamp }) => timestamp >= window.fromAt);
  const actions = await pagesSince(window.fromAt, (before) =>
    house.store.actions({ limit: pageSize, ...before }),
  );
  // Starts and stops that nobody needed for healing are actions, too.
  const recoveries = actions.rows.filter(({ failureEventId }) => failureEventId !== null);
  // Without a proxy there is nothing to count, and the rest of the report stands.
  const routes = await house.routes().catch(() => []);
  const names = house.services().map(({ name }) => name);
  const services = names.map((name) => ofService(name, failures.rows, window));
  return {
    ...window,
    isPartial: failures.isPartial || actions.isPartial,
    problemsDetected: begun.length,
    problemsHealed: begun.filter(({ resolved }) => resolved).length,
    healedByItself: healedWithoutPerson(begun, recoveries),
    failoversExecuted: recoveries.filter(
      ({ actionStrategy, status }) => failovers.has(actionStrategy) && status === "succeeded",
    ).length,
    actions: countActions(recoveries),
    recoveryMs: recoveryOf(begun),
    systemHealthImprovement: improvementOf(failures.rows, window),
    uptimeImpact: {
      availability: mean(services.map(({ availability }) => availability)),
      downMs: services.reduce((sum, { downMs }) => sum + downMs, 0),
      services,
    },
    userImpact: impactOf(routes, services),
    actionItems: suggestActions(house, begun),
  };
}

/** Begun in the window, or before it and felt within it: open still, or over only lately. */
async function failuresIn(house: House, { fromAt }: Window) {
  const found = await pagesSince(fromAt - lookBackMs, (before) =>
    house.store.failures({ limit: pageSize, ...before }),
  );
  const open = await house.store.failures({ limit: pageSize, resolved: false });
  const rows = new Map([...open, ...found.rows].map((row) => [row.id, row]));
  const isFelt = ({ resolvedAt }: FailureRow): boolean =>
    resolvedAt === null || resolvedAt > fromAt;
  return { rows: [...rows.values()].filter(isFelt), isPartial: found.isPartial };
}

async function pagesSince<Row extends { readonly id: number; readonly timestamp: number }>(
  fromAt: number,
  read: (before: { readonly before?: number }) => Promise<readonly Row[]>,
): Promise<{ readonly rows: readonly Row[]; readonly isPartial: boolean }> {
  const rows: Row[] = [];
  for (let before = {}; rows.length < rowsMax; ) {
    const page = await read(before);
    const young = page.filter(({ timestamp }) => timestamp >= fromAt);
    rows.push(...young);
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize || young.length === 0) {
      return { rows, isPartial: false };
    }
    before = { before: last.id };
  }
  return { rows, isPartial: true };
}

function ofService(service: string, failures: readonly FailureRow[], window: Window) {
  const own = failures.filter(({ affectedService }) => affectedService === service);
  const lengthMs = window.toAt - window.fromAt;
  const downMs = totalLength(
    own.filter((row) => downCategories.has(row.failureCategory)).map((row) => spanOf(row, window)),
  );
  return {
    service,
    availability: share(1 - downMs / lengthMs),
    downMs,
    failures: own.length,
    healthScore: scoreOver(own, window),
  };
}

function spanOf(row: FailureRow, { fromAt, toAt }: Window): Span {
  return { from: Math.max(fromAt, row.timestamp), to: Math.min(toAt, row.resolvedAt ?? toAt) };
}

/** 1: nothing was wrong for a moment; 0: something critical was wrong all the time. */
function scoreOver(failures: readonly FailureRow[], window: Window): number {
  const lengthMs = window.toAt - window.fromAt;
  let lost = 0;
  for (const [severity, weight] of Object.entries(weights)) {
    const spans = failures
      .filter((row) => row.severity === severity)
      .map((row) => spanOf(row, window));
    lost += (totalLength(spans) / lengthMs) * weight;
  }
  return share(1 - lost);
}

/** The first half of the window against the second one. */
function improvementOf(failures: readonly FailureRow[], { fromAt, toAt }: Window) {
  const middle = (fromAt + toAt) / 2;
  const over = (window: Window): number =>
    scoreOver(
      failures.filter((row) => {
        return row.timestamp < window.toAt && (row.resolvedAt ?? window.toAt) > window.fromAt;
      }),
      window,
    );
  const scoreBefore = over({ fromAt, toAt: middle });
  const scoreNow = over({ fromAt: middle, toAt });
  return { scoreBefore, scoreNow, improvement: scoreNow - scoreBefore };
}

function healedWithoutPerson(
  failures: readonly FailureRow[],
  actions: readonly ActionRow[],
): number {
  const asked = new Set(
    actions.filter(({ automated }) => !automated).map(({ failureEventId }) => failureEventId),
  );
  return failures.filter(({ id, resolved }) => resolved && !asked.has(id)).length;
}

function countActions(actions: readonly ActionRow[]) {
  const verdicts = actions.flatMap((row) => verdictOf(row) ?? []);
  return {
    taken: actions.length,
    helped: verdicts.filter(({ healed }) => healed).length,
    didNotHelp: verdicts.filter(({ healed }) => !healed).length,
    takenBack: actions.filter(({ status }) => status === "rolled_back").length,
  };
}

function recoveryOf(failures: readonly FailureRow[]) {
  const times = failures
    .flatMap(({ timestamp, resolvedAt }) => (resolvedAt === null ? [] : [resolvedAt - timestamp]))
    .sort((a, b) => a - b);
  return { median: times[times.length >> 1] ?? null, worst: times.at(-1) ?? null };
}

function impactOf(
  routes: readonly RouteReport[],
  services: readonly { readonly service: string; readonly downMs: number }[],
) {
  const sum = (value: (route: RouteReport) => number): number =>
    routes.reduce((total, route) => total + value(route), 0);
  const requests = sum((route) => route.requests);
  const failedRequests = sum((route) => route.failures);
  const affectedServices = services
    .filter(({ downMs }) => downMs > 0)
    .map(({ service }) => service);
  const text =
    failedRequests === 0
      ? `none of ${requests} requests through the proxy failed`
      : `${failedRequests} of ${requests} requests through the proxy failed`;
  return {
    requests,
    failedRequests,
    heldRequests: sum(({ held }) => held),
    affectedServices,
    text,
  };
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return 1;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}
