/**
 * The one place where a service is started, and where the tools of the system are called that
 * this folder needs (`setpriv` and `prlimit` before a service, `fallocate` on a log).
 *
 * N1. The child has a session of its own and writes to a file: it does not die with the daemon.
 * N2. No shell reads the command: where one waits for its turn (`spawnWaiting`), the words are
 *     handed to it beside its own script and go to `exec` as they are.
 */
import { type ChildProcess, execFile, type StdioOptions, spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { failed, messageOf, type Result, success } from "../../kernel/index.ts";

export interface Launch {
  /** Before whatever is run: words that take on an identity and become the rest. */
  readonly prefix: readonly string[];
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly uid?: number;
  readonly gid?: number;
}

export type OnExit = (code: number | null, signal: string | null) => void;

/**
 * The pid, or why there is none. The promise settles before `onExit` can be called, and without
 * giving way to any other event when the start worked.
 */
export async function spawnService(launch: Launch, onExit: OnExit): Promise<Result<number>> {
  try {
    const child = spawnChild(launch, "ignore");
    if (child.pid === undefined) {
      return failed(
        await new Promise<string>((resolve) => child.once("error", (e) => resolve(e.message))),
      );
    }
    child.once("exit", onExit);
    return success(child.pid);
  } catch (error) {
    return failed(messageOf(error));
  }
}

/** A process that has everything of the service but its program. */
export interface WaitingChild {
  readonly pid: number;
  /** Becomes the service, in the same process. */
  begin(): void;
  /** Ends it; nothing when it has begun. */
  dismiss(): void;
}

/** Waits for one line on its standard input; the end of it, and of us, is its own end. */
const waitForTurn = 'IFS= read -r word && [ "$word" = go ] && exec "$0" "$@" </dev/null';

/** Undefined when it cannot be made: the service is then started the other way. */
export function spawnWaiting(launch: Launch, onExit: OnExit): WaitingChild | undefined {
  const command = ["/bin/sh", "-c", waitForTurn, ...launch.command];
  try {
    const child = spawnChild({ ...launch, command }, "pipe");
    const { pid, stdin } = child;
    if (pid === undefined || stdin === null) return undefined;
    child.once("exit", onExit);
    // It is gone: its exit tells.
    stdin.on("error", () => {});
    // Not by the end of its input: one that somebody has stopped would never see that.
    return { pid, begin: () => stdin.end("go\n"), dismiss: () => void child.kill("SIGKILL") };
  } catch {
    // Too many processes, no memory: the start itself will say why.
    return undefined;
  }
}

/** A missing `pid` means that an `error` event follows with the reason. */
function spawnChild(launch: Launch, input: "ignore" | "pipe"): ChildProcess {
  const { prefix, cwd, env, logPath, uid, gid } = launch;
  const [program = "", ...words] = [...prefix, ...launch.command];
  const log = openLog(logPath);
  try {
    const stdio: StdioOptions = [input, log, log];
    const child = spawn(program, words, {
      cwd,
      env,
      detached: true,
      stdio,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    // Signals are sent by this folder itself; an error event can only be about the start.
    child.on("error", () => {});
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * A disk that takes no new file must not keep a service from running. A link in the place of the
 * log is not followed: a mighty daemon would write into what it leads to.
 */
function openLog(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  } catch {
    // Its words are lost then; `file-not-written` of the note beside it tells of the disk.
    return openSync("/dev/null", "a");
  }
}

/** Runs a tool of the system to its end; false when it is missing or says no. */
export function runTool(path: string, words: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(path, words, { timeout: 10_000 }, (error) => resolve(error === null));
  });
}
