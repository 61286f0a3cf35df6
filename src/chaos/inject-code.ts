/**
 * Brings code into a living Node process that knows nothing of us, through its own inspector, the
 * way a debugger would: the only honest way to block an event loop or to leak memory in a program
 * that has no such bug.
 *
 * I1. SIGUSR1 goes only to the recorded process, only where its program is node and it has a
 *     handler for that signal: otherwise the signal itself would kill it.
 * I2. An inspector that was open before belongs to somebody else: refused.
 * I3. The inspector is closed again, and code that is left behind runs after that.
 * I4. Node itself hangs up when it closes its inspector: whoever hangs up on it while it does can
 *     crash it.
 */
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { Clock, Json } from "../kernel/index.ts";
import type { ProcessIdentity } from "../model/index.ts";
import { catchesSignal, isAlive } from "../system/index.ts";
import { listeningPorts } from "./listening-ports.ts";
import { Refusal } from "./refusal.ts";
import { sendSignal } from "./strike.ts";
import { waitUntil } from "./wait-until.ts";

const userSignal = 10;
const sessionLimitMs = 15_000;
const openLimitMs = 1_000;
const openAttempts = 5;
/** So that the answer is out before the connection ends. */
const closeAfterMs = 50;

export interface InsideCode {
  /** Body of an async function that runs at once; what it returns comes back as JSON. */
  readonly now?: string;
  /** Statements that run once the inspector is closed. They may never end. */
  readonly left?: string;
}

/** Resolves when `left` has begun, with what `now` returned and the wall time of that moment. */
export async function injectCode(
  target: ProcessIdentity,
  code: InsideCode,
  clock: Clock,
): Promise<{ readonly returned: Json; readonly at: number }> {
  const port = await openInspector(target);
  let returned: Json = null;
  try {
    returned = await evaluate(port, code);
  } finally {
    // Keeps I3: the port is gone a moment before `left` begins.
    await waitUntil("the inspector closes", () => !hasPort(target, port) || undefined);
  }
  return { returned, at: clock.now().wallMs };
}

/** Why code cannot be brought into it, or undefined. */
function codeRefusal(target: ProcessIdentity): string | undefined {
  if (!isAlive(target)) return `pid ${target.pid} is not the process that was recorded`;
  if (!/^node(js)?( \(deleted\))?$/.test(programOf(target.pid))) {
    return `pid ${target.pid} does not run node`;
  }
  if (catchesSignal(target.pid, userSignal)) return undefined;
  return `pid ${target.pid} has no handler for SIGUSR1`;
}

function programOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    // Gone, or somebody else's.
    return "";
  }
}

/**
 * The port of the inspector that the process opened for us. Its usual port may be taken a while.
 */
async function openInspector(target: ProcessIdentity): Promise<number> {
  const refusal = codeRefusal(target);
  if (refusal !== undefined) throw new Refusal(refusal);
  const before = listeningPorts(target.pid);
  for (const port of before) {
    if (await inspectorUrl(port)) throw new Refusal(`pid ${target.pid} is being debugged`);
  }
  const opened = (): number | undefined =>
    [...listeningPorts(target.pid)].find((port) => !before.has(port));
  for (let attempt = 1; attempt <= openAttempts; attempt += 1) {
    sendSignal(target, "SIGUSR1");
    try {
      return await waitUntil("the inspector opens", opened, { limitMs: openLimitMs });
    } catch {
      // Another process has the port of inspectors, most likely: it gives it back soon.
    }
  }
  throw new Refusal(`pid ${target.pid} does not open its inspector`);
}

function hasPort(target: ProcessIdentity, port: number): boolean {
  return isAlive(target) && listeningPorts(target.pid).has(port);
}

/** Undefined when what listens there is no inspector. */
async function inspectorUrl(port: number): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(openLimitMs);
    const response = await fetch(`http://127.0.0.1:${port}/json/list`, { signal });
    const [first] = (await response.json()) as readonly { webSocketDebuggerUrl?: string }[];
    return first?.webSocketDebuggerUrl;
  } catch {
    // It speaks no HTTP or answers something else: the service itself.
    return undefined;
  }
}

interface Answer {
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly result?: { readonly value?: string };
    readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
  };
}

async function evaluate(port: number, code: InsideCode): Promise<Json> {
  const url = await inspectorUrl(port);
  if (url === undefined) throw new Error(`no inspector answers on port ${port}`);
  const socket = new WebSocket(url);
  const signal = AbortSignal.timeout(sessionLimitMs);
  try {
    await once(socket, "open", { signal });
    const answered = once(socket, "message", { signal }) as Promise<[{ readonly data: string }]>;
    const params = { expression: expressionOf(code), awaitPromise: true, returnByValue: true };
    socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
    const [{ data }] = await answered;
    // Keeps I4.
    if (socket.readyState === WebSocket.OPEN) await once(socket, "close", { signal });
    const { error, result } = JSON.parse(data) as Answer;
    const problem = error?.message ?? result?.exceptionDetails?.exception?.description;
    if (problem !== undefined) throw new Error(`the code failed inside: ${problem}`);
    return JSON.parse(result?.result?.value ?? "null") as Json;
  } finally {
    socket.close();
  }
}

/** The close is scheduled before anything can throw. */
function expressionOf({ now = "", left = "" }: InsideCode): string {
  return `(async () => {
    const inside = async () => { ${now} };
    try {
      return JSON.stringify((await inside()) ?? null);
    } finally {
      setTimeout(() => {
        process.getBuiltinModule("node:inspector").close();
        ${left}
      }, ${closeAfterMs});
    }
  })()`;
}
