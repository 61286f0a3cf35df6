/**
 * Waits until what was asked of a service is so, or cannot become so any more.
 *
 * A1. A job is done when it has ended; a service when it is healthy, after a restart with another
 *     process than before.
 * A2. What was before the wish counts for nothing: neither an end nor a quarantine.
 */
import { setTimeout as pause } from "node:timers/promises";
import { SoulMirrorError } from "../kernel/index.ts";
import type { InstanceView, ServiceView } from "../loop/index.ts";
import { realClock } from "../system/index.ts";
import type { DaemonClient } from "./daemon-client.ts";
import { plainText } from "./plain-text.ts";
import { shortName } from "./tell-entry.ts";

export type Wish = "restart" | "stop" | "start";

export interface Asked {
  readonly wish: Wish;
  readonly service: string;
  /** Its number; without it all instances are meant. */
  readonly instance?: number;
  /** As they were when the wish was made; `restarts` are those of the service. */
  readonly before: readonly InstanceView[];
  readonly restarts: number;
}

const waitsMs = 120_000;
const lookEveryMs = 100;

/** Throws CONFLICT when it is given up, or takes too long. */
export async function fulfilled(
  client: DaemonClient,
  asked: Asked,
  tell: (elapsedMs: number) => void,
): Promise<readonly InstanceView[]> {
  const begunMs = realClock.now().monotonicMs;
  const path = `/api/v1/services/${encodeURIComponent(asked.service)}`;
  let wasFree = false;
  for (;;) {
    const { instances, restarts } = await client.get<ServiceView>(path);
    const now = instances.filter(
      ({ number }) => asked.instance === undefined || number === asked.instance,
    );
    wasFree ||= restarts > asked.restarts;
    if (asked.wish !== "stop") refuseLost(now, asked, wasFree);
    if (now.length > 0 && now.every((each) => isSo(each, asked))) return now;
    wasFree ||= now.every(({ state }) => state !== "quarantined");
    const elapsedMs = realClock.now().monotonicMs - begunMs;
    if (elapsedMs > waitsMs) throw late(asked, now);
    tell(elapsedMs);
    await pause(lookEveryMs);
  }
}

export function nameOf({ service, instance }: Pick<Asked, "service" | "instance">): string {
  return instance === undefined ? service : `${service}.${instance}`;
}

/** Keeps A1. */
function isSo(each: InstanceView, asked: Asked): boolean {
  const { pid, startedAt, state } = each;
  if (asked.wish === "stop") return pid === null;
  if (hasEndedSince(each, asked)) return true;
  if (state !== "healthy" || pid === null) return false;
  const before = beforeOf(each, asked);
  return asked.wish === "start" || before?.pid !== pid || before.startedAt !== startedAt;
}

/** Keeps A2. */
function hasEndedSince(each: InstanceView, asked: Asked): boolean {
  return each.endedAt !== null && each.endedAt !== beforeOf(each, asked)?.endedAt;
}

function beforeOf({ number }: InstanceView, { before }: Asked): InstanceView | undefined {
  return before.find((each) => each.number === number);
}

/** `wasFree`: it was started or out of quarantine since, so the one that is seen is new (A2). */
function refuseLost(now: readonly InstanceView[], asked: Asked, wasFree: boolean): void {
  const ended = now.find((each) => hasEndedSince(each, asked) && each.exitCode !== 0);
  if (ended) throw failedJob(ended);
  const given = now.find(({ state }) => wasFree && state === "quarantined");
  if (given === undefined) return;
  const name = shortName(given.resource);
  const message = `${name} is in quarantine: ${plainText(given.reason ?? "")}`;
  throw new SoulMirrorError("CONFLICT", message, {
    fix: `\`soulmirror logs ${name}\` shows its last lines; mend it, then start it again`,
  });
}

function failedJob({ resource, exitCode }: InstanceView): SoulMirrorError {
  const name = shortName(resource);
  const how = exitCode === null ? "by a signal" : `with code ${exitCode}`;
  return new SoulMirrorError("CONFLICT", `${name} has ended ${how}`, {
    fix: `\`soulmirror logs ${name}\` shows its last lines; it is not restarted by itself`,
  });
}

function late(asked: Asked, now: readonly InstanceView[]): SoulMirrorError {
  const states = now.map(({ number, state, reason }) => {
    return `.${number} is ${state}${reason === null ? "" : ` (${plainText(reason)})`}`;
  });
  const message = `${asked.wish} ${nameOf(asked)} is not done after ${waitsMs / 1000} s: ${states.join(", ")}`;
  return new SoulMirrorError("CONFLICT", message, {
    fix: `the daemon goes on with it; \`soulmirror show ${asked.service}\` tells why it takes so long`,
  });
}
