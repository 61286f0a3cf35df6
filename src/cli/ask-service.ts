/**
 * `restart`, `stop` and `start`: hands the wish to the daemon, and waits until it is so. The daemon
 * decides when and how; giving up waiting changes nothing about that.
 */
import { setTimeout as pause } from "node:timers/promises";
import { formatDuration, SoulMirrorError } from "../kernel/index.ts";
import type { InstanceView, ServiceView } from "../loop/index.ts";
import { realClock } from "../system/index.ts";
import type { Context, Run } from "./command.ts";
import type { DaemonClient } from "./daemon-client.ts";
import { plainText } from "./plain-text.ts";
import { shortName } from "./tell-entry.ts";
import { withDaemon } from "./with-daemon.ts";

export type Wish = "restart" | "stop" | "start";

const waitsMs = 120_000;
const lookEveryMs = 100;

export function askService(wish: Wish): Run {
  return async (context) =>
    withDaemon(context, async (client) => {
      const chosen = await choose(client, context.args[0] ?? "");
      const body = chosen.instance === undefined ? {} : { instance: chosen.instance };
      const path = `/api/v1/services/${encodeURIComponent(chosen.service)}/${wish}`;
      await client.post(path, body);
      if (!context.options.has("wait")) return accepted(context, { wish, chosen });
      return awaitIt(context, { client, wish, chosen });
    });
}

interface Chosen {
  readonly service: string;
  readonly instance?: number;
  /** As it was when the wish was made. */
  readonly before: readonly InstanceView[];
}

async function choose(client: DaemonClient, name: string): Promise<Chosen> {
  const services = await client.get<readonly ServiceView[]>("/api/v1/services");
  const whole = services.find((each) => each.name === name);
  if (whole) return { service: whole.name, before: whole.instances };
  const numbered = /^(.+)\.(\d+)$/.exec(name);
  const number = Number(numbered?.[2]);
  const parent = services.find((each) => each.name === numbered?.[1]);
  const one = parent?.instances.filter((each) => each.number === number) ?? [];
  if (parent && one.length > 0) return { service: parent.name, instance: number, before: one };
  throw new SoulMirrorError("NOT_FOUND", `the fleet has no service ${name}`, {
    fix: `it has ${services.map((each) => each.name).join(", ") || "none"}`,
  });
}

interface Asked {
  readonly wish: Wish;
  readonly chosen: Chosen;
}

function accepted({ out }: Context, { wish, chosen }: Asked): number {
  const name = nameOf(chosen);
  out.show({ accepted: true, wish, service: name }, () => `Asked for: ${wish} ${name}.`);
  return 0;
}

async function awaitIt(
  { out }: Context,
  { client, wish, chosen }: Asked & { readonly client: DaemonClient },
): Promise<number> {
  const begunMs = realClock.now().monotonicMs;
  const path = `/api/v1/services/${encodeURIComponent(chosen.service)}`;
  for (;;) {
    const service = await client.get<ServiceView>(path);
    const now = service.instances.filter(
      ({ number }) => chosen.instance === undefined || number === chosen.instance,
    );
    const elapsedMs = realClock.now().monotonicMs - begunMs;
    const elapsed = formatDuration(elapsedMs);
    const lost = now.find((each) => hasEndedSince(each, chosen) && each.exitCode !== 0);
    if (wish !== "stop" && lost) throw failedJob(lost);
    if (now.length > 0 && now.every((each) => isSo(wish, each, chosen))) {
      out.progress("");
      const name = nameOf(chosen);
      out.show(
        { wish, service: name, elapsedMs: Math.round(elapsedMs), instances: now },
        (style) => {
          const pids = now.flatMap(({ pid }) => pid ?? []).join(", ");
          const isOver = now.every(({ pid }) => pid === null);
          const state = style.state(isOver ? "stopped" : "healthy");
          const how = isOver && wish !== "stop" ? ", its work is done (code 0)" : "";
          return `${name}  ${state}  after ${elapsed}${pids && `, pid ${pids}`}${how}`;
        },
      );
      return 0;
    }
    if (elapsedMs > waitsMs) throw late(wish, chosen, now);
    out.progress(`${wish} ${nameOf(chosen)}, ${elapsed} ...`);
    await pause(lookEveryMs);
  }
}

function isSo(wish: Wish, each: InstanceView, chosen: Chosen): boolean {
  const { pid, startedAt, state } = each;
  if (wish === "stop") return pid === null;
  if (hasEndedSince(each, chosen)) return true;
  if (state !== "healthy" || pid === null) return false;
  const before = beforeOf(each, chosen);
  return wish === "start" || before?.pid !== pid || before.startedAt !== startedAt;
}

/** A job that was asked for is so when it has ended; an end from before the wish is none. */
function hasEndedSince(each: InstanceView, chosen: Chosen): boolean {
  return each.endedAt !== null && each.endedAt !== beforeOf(each, chosen)?.endedAt;
}

function beforeOf({ number }: InstanceView, { before }: Chosen): InstanceView | undefined {
  return before.find((each) => each.number === number);
}

function failedJob({ resource, exitCode }: InstanceView): SoulMirrorError {
  const name = shortName(resource);
  const how = exitCode === null ? "by a signal" : `with code ${exitCode}`;
  return new SoulMirrorError("CONFLICT", `${name} has ended ${how}`, {
    fix: `\`soulmirror logs ${name}\` shows its last lines; it is not restarted by itself`,
  });
}

function late(wish: Wish, chosen: Chosen, now: readonly InstanceView[]): SoulMirrorError {
  const states = now.map(({ number, state, reason }) => {
    return `.${number} is ${state}${reason === null ? "" : ` (${plainText(reason)})`}`;
  });
  const message = `${wish} ${nameOf(chosen)} is not done after ${waitsMs / 1000} s: ${states.join(", ")}`;
  return new SoulMirrorError("CONFLICT", message, {
    fix: `the daemon goes on with it; \`soulmirror show ${chosen.service}\` tells why it takes so long`,
  });
}

function nameOf({ service, instance }: Chosen): string {
  return instance === undefined ? service : `${service}.${instance}`;
}
