/** A drill that is about to be killed: it arms the undo, stops the given process, and waits. */
import { armUndo } from "../../src/chaos/index.ts";
import type { ProcessIdentity } from "../../src/model/index.ts";

const target = JSON.parse(process.argv[2] ?? "{}") as ProcessIdentity;
const steps = [{ kind: "signal", process: target, signal: "SIGCONT" }] as const;
await armUndo({ steps, afterMs: 60_000 });
process.kill(target.pid, "SIGSTOP");
process.stdout.write("stopped\n");
setInterval(() => {}, 1_000);
