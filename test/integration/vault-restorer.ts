/** Restores the latest snapshot of a vault; what is to be killed in the middle of it. */
import { openIn, restoreTo } from "./restore-bench.ts";

const [folder = "", root = ""] = process.argv.slice(2);
const opened = await openIn([folder]);
process.stdout.write("begins\n");
const { failures, tally } = await restoreTo(opened, root, { windowFiles: 100 });
process.stdout.write(`${JSON.stringify({ failures, tally })}\n`);
process.exit(0);
