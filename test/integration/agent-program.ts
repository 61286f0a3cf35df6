/** An agent in a process of its own: `node agent-program.ts PLACE`. */
import { openScene, startAgent } from "./agent-scene.ts";

const [, , place = ""] = process.argv;
await using scene = await openScene({ place });
const asked = new Promise<void>((resolve) => void process.once("SIGTERM", () => resolve()));
const agent = await startAgent(scene.world);
process.stdout.write("started\n");
await asked;
await agent[Symbol.asyncDispose]();
