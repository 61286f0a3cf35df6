/**
 * `npm run bench:engine`: what the engine inside of a service must reach, from the packed package
 * and beside the peers.
 *
 *   node bench/engine.ts [--only NAME,NAME] [--quick] [--json FILE] [--idle-minutes N]
 *
 * What is missed is printed as it is. Exit code 1 when anything is missed.
 */
import { parseArgs } from "node:util";
import { calls } from "./engine/calls.ts";
import { failing } from "./engine/failing.ts";
import { load } from "./engine/load.ts";
import { memory } from "./engine/memory.ts";
import { removePackedProject } from "./engine/packed-project.ts";
import { servers } from "./engine/servers.ts";
import { sync } from "./engine/sync.ts";
import { targets } from "./engine/targets.ts";
import { runFigures } from "./rig/run-figures.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    "idle-minutes": { type: "string" },
  },
});

const idleMinutes = Number(values["idle-minutes"] ?? (values.quick ? 1 : 60));
if (!(idleMinutes > 0)) {
  console.error(`--idle-minutes ${values["idle-minutes"]}: write a number of minutes above 0`);
  process.exit(2);
}

const figures = [calls, failing, sync, targets, servers, memory(idleMinutes), load];
process.exit(await runFigures({ ...values, figures, ending: removePackedProject }));
