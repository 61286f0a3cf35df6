/**
 * `node --import soulmirror/register app.js`: protection of a process with no change to its code.
 * It reports what went wrong in silence, one line each on stderr: a blocked event loop with the
 * line that blocks it, rejections and exceptions that the process has survived, a heap or
 * descriptors that grow until they are exhausted. `RELIABILITY_ENGINE_ENABLED=false` switches it
 * off.
 *
 * 1. What `process.emit` returns, throws and calls stays as it is. A crash stays a crash, with its
 *    own exit code and output; no listener is installed.
 * 2. Loading it loads nothing else: the watches come a second later, in processes that live so
 *    long. `--require` and copies of the package beside each other are fine.
 */
type Details = [name: string | symbol, ...rest: unknown[]];
type Emit = (this: unknown, ...details: Details) => boolean;

const settleMs = 1000;
const heardMax = 100;
const marker = Symbol.for("soulmirror.register");
const isOff = /^\s*(?:false|0|no|off)\s*$/i.test(process.env["RELIABILITY_ENGINE_ENABLED"] ?? "");

if (!isOff && !Reflect.has(process, marker)) {
  Object.defineProperty(process, marker, { value: true });
  register();
}

function register(): void {
  const heard: Details[] = [];
  let hear = (details: Details): void => {
    if (heard.length < heardMax) heard.push(details);
  };
  overhear((details) => hear(details));
  const watch = async (): Promise<void> => {
    const { guardProcess } = await import("../engine/silent/index.ts");
    const guard = guardProcess({ environment: process.env });
    hear = guard.see;
    for (const details of heard.splice(0)) guard.see(details);
  };
  // A package that was changed while its service runs: the service goes on without it.
  setTimeout(() => void watch().catch(() => {}), settleMs).unref();
}

const overheard: ReadonlySet<unknown> = new Set([
  "unhandledRejection",
  "rejectionHandled",
  "uncaughtExceptionMonitor",
]);

function overhear(hear: (details: Details) => void): void {
  const { emit: original } = process as unknown as { readonly emit: Emit };
  const emit: Emit = function emit(...details) {
    const answer = Reflect.apply(original, this, details);
    if (overheard.has(details[0])) hear(details);
    return answer;
  };
  const own = { configurable: true, writable: true, enumerable: false, value: emit };
  Object.defineProperty(process, "emit", own);
}
