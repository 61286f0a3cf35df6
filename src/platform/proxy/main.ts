/**
 * The proxy process: `node main.ts --socket PATH --log FILE`.
 *
 * It outlives whoever started it: no pipe, no channel and no terminal ties it to another process,
 * and it goes on with the last routes it was given until it is told to stop over its socket.
 */
import { chmodSync, mkdirSync, statSync, unlinkSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { connect } from "node:net";
import { dirname, resolve } from "node:path";
import { realClock } from "../../system/index.ts";
import { createControl } from "./control.ts";
import { LogFile } from "./log.ts";
import { Proxy } from "./proxy.ts";
import { socketPathProblem } from "./socket-path.ts";

const stopDeadlineMs = 10_000;
const ownershipCheckMs = 5000;

const options = readArguments(process.argv.slice(2));
const log = new LogFile(options.logPath, realClock);
const proxy = new Proxy(log);
const control = createControl({ proxy, onStop: stop });
let stopping = false;
/** Of the control socket's file, by which we know that it is still ours. */
let inode: number | undefined;

process.on("SIGHUP", () => log.write("ignored", { signal: "SIGHUP" }));
process.on("SIGTERM", () => stop(stopDeadlineMs));
process.on("SIGINT", () => stop(stopDeadlineMs));
process.on("uncaughtException", (error: Error) => {
  // One bad connection must not take the traffic of every service with it.
  log.write("uncaught", { reason: error.stack ?? error.message });
});
await openControl().catch((error: unknown) =>
  giveUp(error instanceof Error ? error.message : "the control socket cannot be opened"),
);
process.chdir("/");
log.write("started", { socket: options.socketPath });
// Normally written at the end, which for this process may be a kill months from now.
flushCompileCache();
setInterval(() => void keepControl(), ownershipCheckMs).unref();

function readArguments(args: readonly string[]): { socketPath: string; logPath: string } {
  const valueOf = (flag: string): string | undefined => {
    const at = args.indexOf(flag);
    return at < 0 ? undefined : args[at + 1];
  };
  const socket = valueOf("--socket");
  const logFile = valueOf("--log");
  if (socket === undefined || logFile === undefined) {
    return giveUp("usage: main.ts --socket PATH --log FILE");
  }
  const socketPath = resolve(socket);
  const problem = socketPathProblem(socketPath);
  if (problem !== undefined) return giveUp(problem);
  return { socketPath, logPath: resolve(logFile) };
}

/** Only before the first route: afterwards there is always a reason to go on. */
function giveUp(reason: string): never {
  try {
    writeSync(2, `soulmirror proxy: ${reason}\n`);
  } catch {
    // Nobody listens; the exit code says enough.
  }
  process.exit(2);
}

async function openControl(): Promise<void> {
  const { socketPath } = options;
  const folder = dirname(socketPath);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(folder).mode & 0o022) !== 0) {
    giveUp(`others may write the folder of the socket: ${folder}`);
  }
  if (await isAnswered(socketPath)) giveUp(`a proxy already answers on ${socketPath}`);
  removeStale(socketPath);
  control.on("error", (error: Error) => {
    log.write("control-error", { reason: error.message });
    if (!control.listening && inode === undefined) giveUp(error.message);
  });
  await bindControl();
}

function bindControl(): Promise<void> {
  return new Promise((done) => {
    const before = process.umask(0o177);
    control.listen(options.socketPath, () => {
      chmodSync(options.socketPath, 0o600);
      inode = statSync(options.socketPath).ino;
      done();
    });
    process.umask(before);
  });
}

/**
 * A socket file that somebody deleted would leave the proxy running and beyond control. One that
 * another proxy put there means that the other has been given the routes: we leave in peace.
 */
async function keepControl(): Promise<void> {
  const { socketPath } = options;
  if (stopping || statSync(socketPath, { throwIfNoEntry: false })?.ino === inode) return;
  log.write("control-lost", { socket: socketPath });
  if (await isAnswered(socketPath)) return stop(stopDeadlineMs);
  control.close();
  removeStale(socketPath);
  await bindControl();
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    const settle = (answered: boolean): void => {
      socket.destroy();
      done(answered);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not there; anything else shows when the socket is bound.
  }
}

function stop(deadlineMs: number): void {
  if (stopping) return;
  stopping = true;
  log.write("stopping", { deadlineMs });
  control.close();
  void proxy.stop(deadlineMs).then(() => {
    log.write("stopped");
    process.exit(0);
  });
}
