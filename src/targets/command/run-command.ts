/**
 * Runs a program to its end: the one starter of check and remedy commands.
 *
 * R1. Never through a shell, with no input, and with exactly the environment that is handed in.
 * R2. It leads a session and process group of its own. When its time is up the whole group gets
 *     SIGTERM, and SIGKILL a moment later; an abort kills it at once.
 * R3. A command ends when its leader ends. What is still in its group then is killed (systemd does
 *     the same for `Type=oneshot`): what is to live on must start a session of its own (`setsid`).
 * R4. Of the output, standard and error together, the last `outputBytesMax` bytes are kept; the
 *     rest is read and dropped, so that a talkative command neither blocks nor fills our memory.
 * R5. The promise always resolves, and soon after an abort, even when a stranger holds the pipes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { messageOf } from "../../kernel/index.ts";
import type { AbortSignalLike } from "../../model/index.ts";

export interface CommandRequest {
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
}

export type CommandEnd =
  | { readonly kind: "exited"; readonly code: number; readonly output: string }
  /** By a signal that was not ours. */
  | { readonly kind: "killed"; readonly by: string; readonly output: string }
  | { readonly kind: "timeout" | "aborted"; readonly output: string }
  | { readonly kind: "unstartable"; readonly reason: string };

const graceMs = 400;
/** After the leader is dead its output is at most this late. */
const drainMs = 200;

export function runCommand(request: CommandRequest, signal: AbortSignalLike): Promise<CommandEnd> {
  if (signal.aborted) return Promise.resolve({ kind: "aborted", output: "" });
  let child: ChildProcess;
  try {
    child = start(request);
  } catch (error) {
    // Arguments that no program can get, such as a zero byte.
    return Promise.resolve({ kind: "unstartable", reason: messageOf(error) });
  }
  return new Promise((resolve) => watch(child, { request, signal, resolve }));
}

function start({ command, cwd, env }: CommandRequest): ChildProcess {
  const [program = "", ...words] = command;
  return spawn(program, words, {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

interface Watched {
  readonly request: CommandRequest;
  readonly signal: AbortSignalLike;
  readonly resolve: (end: CommandEnd) => void;
}

function watch(child: ChildProcess, { request, signal, resolve }: Watched): void {
  const tail = new Tail(request.outputBytesMax);
  const timers = new Set<NodeJS.Timeout>();
  const after = (delayMs: number, run: () => void): void =>
    void timers.add(setTimeout(run, delayMs));
  let stopped: "timeout" | "aborted" | undefined;

  const settle = (end: CommandEnd): void => {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    child.stdout?.destroy();
    child.stderr?.destroy();
    resolve(end);
  };
  const finish = (code: number | null, by: string | null): void => {
    const output = tail.text();
    if (stopped !== undefined) settle({ kind: stopped, output });
    else if (code === null) settle({ kind: "killed", by: by ?? "a signal", output });
    else settle({ kind: "exited", code, output });
  };
  const kill = (): void => {
    killGroup(child, "SIGKILL");
    // Waiting in the kernel (a dead disk) it cannot even be killed: we do not wait with it.
    after(drainMs, () => finish(null, "SIGKILL"));
  };
  const abort = (): void => {
    stopped ??= "aborted";
    kill();
  };

  child.stdout?.on("data", (chunk: Buffer) => tail.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => tail.push(chunk));
  child.on("error", (error) => settle({ kind: "unstartable", reason: messageOf(error) }));
  child.on("exit", (code, by) => {
    killGroup(child, "SIGKILL");
    after(drainMs, () => finish(code, by));
  });
  child.on("close", finish);
  signal.addEventListener("abort", abort, { once: true });
  after(request.timeoutMs, () => {
    stopped ??= "timeout";
    killGroup(child, "SIGTERM");
    after(graceMs, kill);
  });
}

/**
 * The number of a group is not given away while it has members, and new numbers count upwards:
 * right after its leader's end it names this group or none.
 */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

/** The last bytes of a stream. */
class Tail {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isCut = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Joined at twice the size only, so that each byte is copied once or twice.
    if (this.#bytes > 2 * this.#bytesMax) this.#cut();
  }

  /** As people read it: no colours, no cursor movements, no half character at its start, and `...`
   * where it was cut off: half a secret may stand there. */
  text(): string {
    this.#cut();
    const text = (this.#chunks[0] ?? Buffer.alloc(0)).toString("utf8").replace(/^\uFFFD+/, "");
    return stripVTControlCharacters(this.#isCut ? `...${text}` : text);
  }

  #cut(): void {
    const whole = Buffer.concat(this.#chunks);
    this.#isCut ||= whole.length > this.#bytesMax;
    const kept = Buffer.from(whole.subarray(Math.max(0, whole.length - this.#bytesMax)));
    this.#chunks = [kept];
    this.#bytes = kept.length;
  }
}
