/** The engines inside of services: what they do, and how they are steered while they run. */
import { SoulMirrorError } from "../../kernel/index.ts";
import type { EngineWish, SteeredService } from "../../model/index.ts";
import { realClock } from "../../system/index.ts";
import type { EngineReport } from "../../targets/index.ts";
import type { Context, Run } from "../command.ts";
import type { DaemonClient } from "../daemon-client.ts";
import { engineOrder } from "../engine-order.ts";
import { engineTable, namesOf, type SeenEngines } from "../engine-table.ts";
import { tellEngines } from "../tell-engines.ts";
import { tellSteering } from "../tell-steering.ts";
import { withDaemon } from "../with-daemon.ts";

export const engine: Run = async (context) => {
  const order = engineOrder(context);
  return await withDaemon(context, async (client) => {
    if (order.what === "list") return await list(context, client);
    if (order.what === "show") return await show(context, client, order.service);
    const { what, service } = order;
    const body = { ...order.body, ...(await who()) };
    const services = service === "all" ? await all(client, what) : [service];
    const wanted: Record<string, EngineWish> = {};
    for (const each of services) {
      wanted[each] = await client.post<EngineWish>("/api/v1/engines/wanted", {
        ...body,
        service: each,
      });
    }
    const steered = services.map((each) => ({
      service: each,
      wish: wanted[each] as EngineWish,
      engines: [],
    }));
    context.out.show({ accepted: true, wanted }, (style) => {
      const told = tellSteering(steered, { style, nowMs: realClock.now().wallMs });
      return told === "" ? `Nothing is wanted of ${services.join(", ")} any more.` : told;
    });
    return 0;
  });
};

async function see(client: DaemonClient): Promise<SeenEngines> {
  const [engines, steered] = await Promise.all([
    client.get<readonly EngineReport[]>("/api/v1/engines"),
    client.get<readonly SteeredService[]>("/api/v1/engines/wanted"),
  ]);
  return { engines, steered };
}

async function list({ out }: Context, client: DaemonClient): Promise<number> {
  const seen = await see(client);
  out.show(seen, (style) => {
    if (namesOf(seen).length === 0) return "No engine has told of itself.";
    const table = engineTable(seen, style);
    const told = tellSteering(seen.steered, { style, nowMs: realClock.now().wallMs });
    return told === "" ? table : `${table}\n\n${told}`;
  });
  return 0;
}

async function show({ out }: Context, client: DaemonClient, service: string): Promise<number> {
  const path = `/api/v1/engines?service=${encodeURIComponent(service)}`;
  const [engines, { steered }] = await Promise.all([
    client.get<readonly EngineReport[]>(path),
    see(client),
  ]);
  const own = steered.filter((each) => each.service === service);
  if (engines.length === 0 && own.length === 0) {
    // The daemon says whether it knows the service, and which it may have been.
    await client.get(`/api/v1/services/${encodeURIComponent(service)}`);
  }
  out.show({ service, engines, steered: own[0] ?? null }, (style) => {
    const moment = { style, nowMs: realClock.now().wallMs };
    const told = [...tellEngines(engines, moment), tellSteering(own, moment)];
    return told.filter((part) => part !== "").join("\n\n") || "No engine has told of itself.";
  });
  return 0;
}

/** What is one for all, and not a slip, is only the mode. */
async function all(client: DaemonClient, what: string): Promise<readonly string[]> {
  if (what !== "mode") {
    throw new SoulMirrorError("BAD_REQUEST", `all engines together cannot be asked to ${what}`, {
      fix: "name one service; only a mode can be set for all",
    });
  }
  const names = namesOf(await see(client));
  if (names.length > 0) return names;
  throw new SoulMirrorError("NOT_FOUND", "no engine has told of itself", {
    fix: "name a service to set the mode of engines that begin later",
  });
}

/** For the journal: the token says that somebody may, and not who it was. */
async function who(): Promise<{ readonly who?: string }> {
  const { userInfo } = await import("node:os");
  try {
    return { who: userInfo().username.slice(0, 80) };
  } catch {
    // A user without a name, as containers have them.
    return {};
  }
}
