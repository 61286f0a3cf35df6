/** `soulmirror vault accept PATH`: a loss, or one to come, is as somebody wants it. */
import { whoProtects } from "../../custodian/index.ts";
import { formatDuration, parseDurationMs, SoulMirrorError } from "../../kernel/index.ts";
import type { Run } from "../command.ts";
import { mustReadFleet } from "../read-fleet.ts";
import { askRunning, noAgent } from "./ask-running.ts";

const usualForMs = 600_000;

export const accept: Run = async ({ args, options, out, place }) => {
  const { fleet } = mustReadFleet({ path: place.fleetPath, port: place.port });
  const forMs = lastsMs(options.text("for"));
  const { path, spec } = whoProtects(Object.values(fleet.vaults), args[0] ?? "");
  const answer = await askRunning(spec, place, { do: "accept", path, forMs });
  if (answer.kind === "nobody") throw noAgent(spec);
  if (answer.kind === "refused") throw new SoulMirrorError("CONFLICT", answer.reason);
  out.show({ vault: spec.name, path, forMs }, () => {
    return `What becomes of ${path} within ${formatDuration(forMs)} is left as it is; its versions stay in the vault ${spec.name}.`;
  });
  return 0;
};

function lastsMs(text: string | undefined): number {
  if (text === undefined) return usualForMs;
  const forMs = parseDurationMs(text);
  if (forMs !== undefined && forMs > 0) return forMs;
  throw new SoulMirrorError("BAD_REQUEST", `--for is a duration, not "${text}"`, {
    fix: "write for example --for 10m",
  });
}
