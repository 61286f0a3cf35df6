/** How much may be done: shown, or changed for the fleet, one service or one strategy. */
import { type Mode, modes, SoulMirrorError } from "../../kernel/index.ts";
import { columns } from "../columns.ts";
import type { Context, Run } from "../command.ts";
import { withDaemon } from "../with-daemon.ts";

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
  const now = await withDaemon(context, (client) => client.get<Modes>("/api/v1/mode"));
  const all: Record<string, Mode> = { fleet: now.mode, ...now.scopes };
  const shown = scope === undefined ? all : { [scope]: all[scope] ?? now.mode };
  context.out.show(shown, () => columns(Object.entries(shown)));
  return 0;
}

async function change(context: Context, scope: string, wanted: string): Promise<number> {
  if (!isMode(wanted)) {
    throw new SoulMirrorError("BAD_REQUEST", `there is no mode "${wanted}"`, {
      fix: `it is one of ${modes.join(", ")}`,
    });
  }
  const body = { scope, mode: wanted };
  await withDaemon(context, (client) => client.post("/api/v1/mode", body));
  context.out.show({ accepted: true, ...body }, () => `The mode of ${scope} becomes ${wanted}.`);
  return 0;
}

function isMode(word: string): word is Mode {
  return (modes as readonly string[]).includes(word);
}
