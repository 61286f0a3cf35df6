/**
 * What would change: if the daemon read its fleet file now, or (offline) between the fleet file and
 * another one. What was changed at run time is told as well, since no file says it.
 */
import { dirname, resolve } from "node:path";
import { diffFleets, type Fleet } from "../../config/index.ts";
import type { Context, Run } from "../command.ts";
import { invalid, mustReadFleet, readFleet } from "../read-fleet.ts";
import { withDaemon } from "../with-daemon.ts";

export const diff: Run = async (context) => {
  const other = context.args[0];
  const lines = other === undefined ? await pending(context) : between(context, other);
  context.out.show({ changes: lines }, () =>
    lines.length === 0 ? "Nothing would change." : lines.join("\n"),
  );
  return 0;
};

function between({ place }: Context, other: string): readonly string[] {
  const { fleetPath: path, port } = place;
  const before = mustReadFleet({ path, port }).fleet;
  const after = mustReadFleet({ path: resolve(other), port, baseDir: dirname(path) }).fleet;
  return diffFleets(before, after).lines;
}

async function pending(context: Context): Promise<readonly string[]> {
  const { place } = context;
  const now = readFleet({ path: place.fleetPath, port: place.port });
  return withDaemon(context, async (client) => {
    const { changes } = await client.get<{ changes: readonly string[] }>("/api/v1/config/diff");
    if (!now.ok) throw invalid(place.fleetPath, now.error);
    const { mode, scopes } = await client.get<{ mode: string; scopes: Record<string, string> }>(
      "/api/v1/mode",
    );
    return [...changes, ...runtimeModes(now.value.fleet, { fleet: mode, ...scopes })];
  });
}

function runtimeModes(fleet: Fleet, modes: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(modes).flatMap(([scope, mode]) => {
    const strategy = scope.replace(/^strategy\//, "");
    const written =
      scope === "fleet"
        ? fleet.mode
        : (fleet.services[scope]?.mode ?? fleet.strategyModes[strategy] ?? "full");
    if (written === mode) return [];
    return [`! mode of ${scope}: the files say ${written}, at run time it was set to ${mode}`];
  });
}
