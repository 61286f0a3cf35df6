/** What an accomplice does, in its own process; see `accomplice.ts`. */
import { createServer } from "node:net";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import type { ProcessIdentity } from "../model/index.ts";
import { isAlive, realClock } from "../system/index.ts";

/** What it does, and for how long at most. */
export type Deed =
  /** Takes a port the moment it is free, and holds it. Says `ready`, then `holding`. */
  | { readonly kind: "hold-port"; readonly port: number; readonly limitMs: number }
  | { readonly kind: "burn"; readonly limitMs: number }
  /** Stops a process and lets it go on, in turns. */
  | {
      readonly kind: "pulse";
      readonly process: ProcessIdentity;
      readonly stopMs: number;
      readonly runMs: number;
      readonly limitMs: number;
    }
  /** Is there. */
  | { readonly kind: "idle"; readonly limitMs: number };

const burnMs = 50;

const deed = JSON.parse(process.argv[2] ?? "{}") as Deed;

process.on("disconnect", leave);
process.on("SIGTERM", leave);
setTimeout(leave, deed.limitMs);

function leave(): void {
  // Nobody may stay stopped because we went.
  if (deed.kind === "pulse" && isAlive(deed.process)) process.kill(deed.process.pid, "SIGCONT");
  process.exit(0);
}

function say(word: string): void {
  // Whoever is not there to hear it ends us through `disconnect`.
  process.send?.(word, undefined, {}, () => {});
}

async function holdPort(port: number): Promise<void> {
  say("ready");
  while (!(await takePort(port))) await turn();
  say("holding");
}

function takePort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.end("a stranger holds this port\n"));
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve(true));
  });
}

/** In slices, so that it can be told to stop. */
async function burn(): Promise<void> {
  say("ready");
  for (;;) {
    const endMs = realClock.now().monotonicMs + burnMs;
    while (realClock.now().monotonicMs < endMs);
    await turn();
  }
}

async function pulse({ process: target, stopMs, runMs }: Deed & { kind: "pulse" }): Promise<void> {
  say("ready");
  while (isAlive(target)) {
    process.kill(target.pid, "SIGSTOP");
    await pause(stopMs);
    if (isAlive(target)) process.kill(target.pid, "SIGCONT");
    await pause(runMs);
  }
}

switch (deed.kind) {
  case "hold-port":
    await holdPort(deed.port);
    break;
  case "burn":
    await burn();
    break;
  case "pulse":
    await pulse(deed);
    break;
  case "idle":
    say("ready");
    break;
}
