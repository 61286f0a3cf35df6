/**
 * `restart`, `stop` and `start`: hands the wish to the daemon, and waits until it is so. The daemon
 * decides when and how; giving up waiting changes nothing about that.
 */
import { formatDuration, SoulMirrorError } from "../kernel/index.ts";
import type { ServiceView } from "../loop/index.ts";
import { realClock } from "../system/index.ts";
import { type Asked, fulfilled, nameOf, type Wish } from "./await-wish.ts";
import type { Context, Run } from "./command.ts";
import type { DaemonClient } from "./daemon-client.ts";
import { withDaemon } from "./with-daemon.ts";

export function askService(wish: Wish): Run {
  return async (context) =>
    withDaemon(context, async (client) => {
      const { args, options, out } = context;
      const asked = { wish, ...(await choose(client, args[0] ?? "")) };
      const body = asked.instance === undefined ? {} : { instance: asked.instance };
      const path = `/api/v1/services/${encodeURIComponent(asked.service)}/${wish}`;
      await client.post(path, body);
      if (options.has("wait")) return awaitIt(context, client, asked);
      const name = nameOf(asked);
      out.show({ accepted: true, wish, service: name }, () => `Asked for: ${wish} ${name}.`);
      return 0;
    });
}

async function choose(client: DaemonClient, name: string): Promise<Omit<Asked, "wish">> {
  const services = await client.get<readonly ServiceView[]>("/api/v1/services");
  const whole = services.find((each) => each.name === name);
  if (whole) return { service: name, before: whole.instances, restarts: whole.restarts };
  const numbered = /^(.+)\.(\d+)$/.exec(name);
  const instance = Number(numbered?.[2]);
  const parent = services.find((each) => each.name === numbered?.[1]);
  const before = parent?.instances.filter(({ number }) => number === instance) ?? [];
  if (parent && before.length > 0) {
    return { service: parent.name, instance, before, restarts: parent.restarts };
  }
  throw new SoulMirrorError("NOT_FOUND", `the fleet has no service ${name}`, {
    fix: `it has ${services.map((each) => each.name).join(", ") || "none"}`,
  });
}

async function awaitIt({ out }: Context, client: DaemonClient, asked: Asked): Promise<number> {
  const { wish } = asked;
  const service = nameOf(asked);
  const begunMs = realClock.now().monotonicMs;
  const progress = (elapsedMs: number): void =>
    out.progress(`${wish} ${service}, ${formatDuration(elapsedMs)} ...`);
  // Whatever comes of it, the next line is not written behind this one.
  const instances = await fulfilled(client, asked, progress).finally(() => out.progress(""));
  const elapsedMs = Math.round(realClock.now().monotonicMs - begunMs);
  out.show({ wish, service, elapsedMs, instances }, (style) => {
    const pids = instances.flatMap(({ pid }) => pid ?? []);
    const isOver = pids.length === 0;
    const state = style.state(isOver ? "stopped" : "healthy");
    const how = isOver && wish !== "stop" ? ", its work is done (code 0)" : "";
    const runs = isOver ? how : `, pid ${pids.join(", ")}`;
    return `${service}  ${state}  after ${formatDuration(elapsedMs)}${runs}`;
  });
  return 0;
}
