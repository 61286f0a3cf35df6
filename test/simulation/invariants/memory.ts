/**
 * 6. A crash of the daemon loses nothing that was written, whenever it comes: what was known before
 *    (open failures, live incidents, actions under way and those that are to be judged, what waits
 *    for approval, what was spent, quarantines, what persons have set) is known to the next daemon,
 *    or that one has written how it ended.
 */
import { isFinished } from "../../../src/model/index.ts";
import type { DaemonLife } from "../daemon-life.ts";
import type { Setting } from "./setting.ts";
import type { Told } from "./told.ts";

const roundingMs = 2;

/** Asked when the new daemon has had its first tick, and what it wrote then has been told. */
export function remembers(setting: Setting, life: DaemonLife): void {
  const lost = (what: string): void => setting.broke(6, `the new daemon does not know ${what}`);
  forFailures(setting.told, life, lost);
  forActions(setting.told, life, lost);
  forSlots(setting, life, lost);
  forBudgets(setting, life, lost);
}

type Lost = (what: string) => void;

function forFailures(told: Told, { loop }: DaemonLife, lost: Lost): void {
  for (const { id, type, resource } of told.failures.values()) {
    const what = `${id} (${type} of ${resource})`;
    if (!loop.analyze.incidents.failures.has(id)) lost(`${what} for its incident`);
    const open = [...(loop.analyze.judging.cases.get(resource)?.open.values() ?? [])];
    if (!open.some((known) => known.id === id)) lost(`${what} as open`);
    if (!loop.plan.failures.has(id)) lost(`${what} as something to be healed`);
    if (!loop.verify.watches.has(id)) lost(`${what} as something to be watched`);
  }
  for (const { id, state } of told.incidents.values()) {
    const known = loop.analyze.incidents.incidents.get(id);
    if (known?.state.kind !== state.kind) lost(`that ${id} is ${state.kind}`);
  }
}

function forActions(told: Told, { loop }: DaemonLife, lost: Lost): void {
  for (const action of told.unfinished()) {
    const { id, plan, status } = action;
    const known = loop.execute.actions.get(id);
    if (known === undefined || isFinished(known)) lost(`${id} (${plan.strategy}), ${status.kind}`);
    if (status.kind !== "waiting_for_approval") continue;
    if (loop.plan.awaiting.get(plan.resource)?.id !== id) lost(`that ${id} waits for a person`);
  }
  for (const [failure, action] of told.judged) {
    const isLatest =
      told.underWay(told.failures.get(failure)?.resource ?? "host/none").length === 0;
    if (isLatest && loop.verify.watches.get(failure)?.action !== action) {
      lost(`that ${action} is to be judged by ${failure}`);
    }
  }
}

function forSlots({ told, fleet }: Setting, { loop }: DaemonLife, lost: Lost): void {
  for (const [resource, record] of told.slots) {
    const slot = loop.plan.slots.get(resource);
    const service = slot && fleetNow(loop.fleet, slot.service);
    if (slot === undefined || service === undefined) continue;
    if (slot.desired !== record.desired) lost(`that ${resource} is to be ${record.desired}`);
    const isSameSpec = (record.declaredHash ?? record.specHash) === service.hash;
    if (record.quarantined && isSameSpec && slot.quarantine === undefined) {
      lost(`that ${resource} is in quarantine`);
    }
    if (slot.crashes < record.crashes && slot.crashes + record.crashes < fleet.budgets.crashes) {
      lost(`${record.crashes} crashes of ${resource}`);
    }
  }
  for (const [scope, mode] of told.modes) {
    if (loop.plan.modes.get(scope) !== mode) lost(`mode ${mode} of ${scope}`);
  }
}

function fleetNow(fleet: DaemonLife["loop"]["fleet"], service: string) {
  return fleet.services[service];
}

/** Until when each budget is spent says how much of it is known. */
function forBudgets({ told, fleet, world }: Setting, { loop }: DaemonLife, lost: Lost): void {
  const { perFleet, perResource, windowMs } = fleet.budgets;
  const { wallMs, monotonicMs } = world.now();
  const isSpent = (times: readonly number[], limit: number): number => {
    const inWindow = times.filter((at) => at > wallMs - windowMs + roundingMs);
    const oldest = inWindow.at(-limit);
    return oldest === undefined ? monotonicMs : oldest - wallMs + monotonicMs + windowMs;
  };
  const all = told.spent.map(({ at }) => at);
  if (loop.plan.fleetBudget.affordableMs(monotonicMs) < isSpent(all, perFleet) - roundingMs) {
    lost(`what was spent of the fleet's budget`);
  }
  for (const resource of new Set(told.spent.flatMap(({ resources }) => [...resources]))) {
    const times = told.spent.filter(({ resources }) => resources.has(resource));
    const untilMs = isSpent(
      times.map(({ at }) => at),
      perResource,
    );
    const known = loop.plan.budgets.get(resource)?.affordableMs(monotonicMs) ?? 0;
    if (untilMs > monotonicMs && known < untilMs - roundingMs) lost(`the budget of ${resource}`);
  }
}
