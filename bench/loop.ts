/**
 * `npm run bench:loop`: what the loop must reach, measured on real processes.
 *
 *   node bench/loop.ts [--only NAME,NAME] [--quick] [--json FILE]
 *
 * Every figure has a folder, ports and a daemon of its own, and ends what it started. What is
 * missed is printed as it is. Exit code 1 when anything is missed.
 */
import { parseArgs } from "node:util";
import { controls } from "./figures/controls.ts";
import { daemonKilled } from "./figures/daemon-killed.ts";
import { hangs } from "./figures/hangs.ts";
import { heldPort } from "./figures/held-port.ts";
import { idle } from "./figures/idle.ts";
import { instances } from "./figures/instances.ts";
import { leak } from "./figures/leak.ts";
import { restart } from "./figures/restart.ts";
import { simulation } from "./figures/simulation.ts";
import { tenThousand } from "./figures/ten-thousand.ts";
import type { Figure } from "./rig/figure.ts";
import { removePm2 } from "./rig/pm2.ts";
import { runFigures } from "./rig/run-figures.ts";

const figures: readonly Figure[] = [
  restart,
  instances,
  hangs,
  heldPort,
  leak,
  daemonKilled,
  tenThousand,
  idle,
  simulation,
  controls,
];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
  },
});

process.exit(await runFigures({ ...values, figures, ending: removePm2 }));
