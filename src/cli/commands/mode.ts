/** How much may be done: shown, or changed for the fleet, one service or one strategy. */
import { setTimeout as pause } from "node:timers/promises";
import { type Mode, modes, SoulMirrorError } from "../../kernel/index.ts";
import { columns } from "../columns.ts";
import type { Context, Run } from "../command.ts";
import { withDaemon } from "../with-daemon.ts";

const lookEveryMs = 50;
const looksMax = 6;

interface Modes {
  readonly mode: Mode;
  readonly scopes: Readonly<Record<string, Mode>>;
}

export const mode: Run = async (context) => {
  const [first, second] = context.args;
  if (second !== undefined) return change(context, first ?? "fleet", second);
  if (first !== undefined && isMode(first)) return change(context, "fleet", first);
  return show(context, first);
};

async function show(context: Context, scope: string | undefined): Promise<number> {
  const now = await modesOf(context, scope).catch((error: unknown) => {
    throw scope === undefined ? error : orNoMode(error, scope);
  });
  const shown = scope === undefined ? { fleet: now.mode, ...now.scopes } : { [scope]: now.mode };
  context.out.show(shown, () => columns(Object.entries(shown)));
  return 0;
}

/** What stands alone may have been meant for a mode. */
function orNoMode(error: unknown, word: string): unknown {
  if (!(error instanceof SoulMirrorError) || error.code !== "NOT_FOUND") return error;
  return new SoulMirrorError("NOT_FOUND", `${word} is no mode, no service and no strategy`, {
    fix: `modes: ${modes.join(", ")}; ${error.fix ?? ""}`,
  });
}

async function change(context: Context, scope: string, wanted: string): Promise<number> {
  if (!isMode(wanted)) {
    throw new SoulMirrorError("BAD_REQUEST", `there is no mode "${wanted}"`, {
      fix: `it is one of ${modes.join(", ")}`,
    });
  }
  const body = { scope, mode: wanted };
  await withDaemon(context, (client) => client.post("/api/v1/mode", body));
  const inForce = await inForceSoon(context, scope, wanted);
  context.out.show({ accepted: true, ...body, inForce }, () =>
    inForce === wanted
      ? `The mode of ${scope} is ${wanted}.`
      : `The mode of ${scope} stays ${inForce}: the fleet file, or the mode of the fleet, is stricter than ${wanted}.`,
  );
  return 0;
}

/** It is taken up with the next tick. */
async function inForceSoon(context: Context, scope: string, wanted: Mode): Promise<Mode> {
  for (let look = 1; ; look += 1) {
    const { mode: now } = await modesOf(context, scope);
    if (now === wanted || look === looksMax) return now;
    await pause(lookEveryMs);
  }
}

function modesOf(context: Context, scope = "fleet"): Promise<Modes> {
  const path = `/api/v1/mode?scope=${encodeURIComponent(scope)}`;
  return withDaemon(context, (client) => client.get<Modes>(path));
}

function isMode(word: string): word is Mode {
  return (modes as readonly string[]).includes(word);
}
