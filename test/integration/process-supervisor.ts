/** A daemon in small: starts services through a process target and waits to be killed. */
import { openDataDirectory, realClock, realTimers } from "../../src/system/index.ts";
import { ProcessTarget } from "../../src/targets/process/index.ts";
import { plainSpec } from "./process-bench.ts";

const [folder = "", script = "", ...instances] = process.argv.slice(2);
const spec = plainSpec(folder, script);
const target = new ProcessTarget({
  clock: realClock,
  timers: realTimers,
  report: () => {},
  specOf: (hash) => (hash === spec.hash ? spec : undefined),
  directory: openDataDirectory(`${folder}/data`),
});
const start = target.effectors().find(({ kind }) => kind === "start");
for (const number of instances) {
  const step = {
    kind: "start",
    resource: `instance/shop.${number}` as const,
    parameters: { specHash: spec.hash },
    deadlineMs: 10_000,
  };
  const command = {
    id: "c",
    phase: "act",
    action: "a",
    step,
    announced: true,
    afterSync: false,
  } as const;
  await start?.act(command, AbortSignal.timeout(10_000));
}
process.stdout.write("started\n");
