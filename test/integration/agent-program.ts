/** An agent in a process of its own: `node agent-program.ts PLACE`. */
import { Agent } from "../../src/custodian/agent/agent.ts";
import { openScene } from "./agent-scene.ts";

const [, , place = ""] = process.argv;
await using scene = await openScene({ place });
await using agent = await Agent.start(scene.world);
const asked = new Promise<void>((resolve) => void process.once("SIGTERM", () => resolve()));
process.stdout.write("started\n");
await Promise.race([agent.stopped, asked]);
