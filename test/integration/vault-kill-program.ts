/**
 * `node vault-kill-program.ts PLACE VERB [TARGET]`: begins when it is told to, by a word on its
 * input.
 */
import { once } from "node:events";
import { inFolders, verbs, work } from "./vault-work.ts";

const [place = "", wanted = "", target] = process.argv.slice(2);
const verb = verbs.find((each) => each === wanted);
if (verb === undefined) throw new Error(`one of ${verbs.join(", ")}`);
process.stdout.write("ready\n");
await once(process.stdin, "data");
await work(inFolders(place), verb, target);
process.stdout.write("done\n");
process.exit(0);
