/** The thread that watches: told once what to watch, it tells what changes until it is ended. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import { realClock } from "../../system/index.ts";
import type { WatchMessage } from "./watch-message.ts";
import type { WatchSetup } from "./watch-options.ts";
import { Watcher } from "./watcher.ts";

assert(parentPort !== null, "a watch runs in a worker thread");
const port: MessagePort = parentPort;

function say(message: WatchMessage): void {
  port.postMessage(message, []);
}

const watcher = new Watcher(workerData as WatchSetup, {
  clock: realClock,
  tell: (event) => say({ kind: "event", event }),
  ready: () => say({ kind: "ready" }),
});
port.on("message", (id: number) => say({ kind: "figures", id, figures: watcher.figures() }));
watcher.start();
