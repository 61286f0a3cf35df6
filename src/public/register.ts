/**
 * `node --import soulmirror/register app.js`: protection of a process with no change to its code.
 * It reports what went wrong in silence, one line each on stderr: a blocked event loop with the
 * line that blocks it, rejections and exceptions that the process has survived, a heap or
 * descriptors that grow until they are exhausted. `RELIABILITY_FILES=report` adds files that are
 * read unfinished or left empty. A service of a daemon tells that, and what it calls by HTTP.
 * `RELIABILITY_ENGINE_ENABLED=false` switches all of it off.
 *
 * 1. What `process.emit` returns, throws and calls stays as it is. A crash stays a crash, with its
 *    own exit code and output; no listener is installed.
 * 2. Loading it loads nothing else, but for `RELIABILITY_FILES`: the watches come a second later,
 *    in processes that live so long. `--require` and copies of the package beside each other are
 *    fine.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";

type Details = [name: string | symbol, ...rest: unknown[]];
type Emit = (this: unknown, ...details: Details) => boolean;
type Files = typeof import("./files.ts");
type Finding = Parameters<
  NonNullable<NonNullable<Parameters<Files["patchFileSystem"]>[0]>["onFinding"]>
>[0];

const settleMs = 1000;
const heardMax = 100;
/** A service writes its own log there. */
const linesMax = 100;
const overheard: ReadonlySet<unknown> = new Set([
  "unhandledRejection",
  "rejectionHandled",
  "uncaughtExceptionMonitor",
]);
const marker = Symbol.for("soulmirror.register");
let lines = 0;

if (!Reflect.has(process, marker) && isSwitchedOn()) {
  Object.defineProperty(process, marker, { value: true });
  register();
}

function register(): void {
  const heard: Details[] = [];
  const found: Finding[] = [];
  let hear = (details: Details): void => {
    if (heard.length < heardMax) heard.push(details);
  };
  let find = (finding: Finding): void => {
    if (found.length < heardMax) found.push(finding);
  };
  overhear((details) => hear(details));
  patchFiles((finding) => find(finding));
  const watch = async (): Promise<void> => {
    const { guardProcess, tellFinding } = await import("../engine/silent/index.ts");
    await tellDaemon();
    find = tellFinding;
    for (const finding of found.splice(0)) tellFinding(finding);
    const guard = guardProcess({ environment: process.env, say });
    hear = guard.see;
    for (const details of heard.splice(0)) guard.see(details);
  };
  // A package that was changed while its service runs: the service goes on without it.
  setTimeout(() => void watch().catch(() => {}), settleMs).unref();
}

/** Only to the daemon that has started it: nobody asked for telemetry elsewhere. */
async function tellDaemon(): Promise<void> {
  const endpoint = wordIn("SOULMIRROR_ENDPOINT");
  if (endpoint === "") return;
  try {
    const engine = await import("../engine/index.ts");
    engine.tellDaemon(endpoint);
  } catch (error) {
    say(`nothing is told to ${endpoint}: ${String(error)}`);
  }
}

/** At once: what is taken out of `fs` before is not seen. Where an import would come too late. */
function patchFiles(onFinding: (finding: Finding) => void): void {
  const word = wordIn("RELIABILITY_FILES").toLowerCase();
  if (word === "" || word === "off") return;
  const mode = word === "heal" ? word : "report";
  if (word !== mode) {
    const wants = `expected report, heal or off, found "${word.slice(0, 40)}"`;
    say(`RELIABILITY_FILES: ${wants}; it counts as report; fix: write RELIABILITY_FILES=report`);
  }
  try {
    const name = import.meta.url.endsWith(".ts") ? "./files.ts" : "./files.js";
    const { patchFileSystem } = createRequire(import.meta.url)(name) as Files;
    patchFileSystem({
      mode,
      onFinding(finding) {
        say(finding.reason);
        onFinding(finding);
      },
      onHealed({ kind, path }, { operation }) {
        say(`${operation}: ${kind.replaceAll("_", " ")}: ${path}`);
      },
    });
  } catch (error) {
    say(`files are not watched: ${String(error)}`);
  }
}

function wordIn(name: string): string {
  return process.env[name]?.trim() ?? "";
}

/** As for the engine: whoever sets a switch to something means to hold it back. */
function isSwitchedOn(): boolean {
  const name = "RELIABILITY_ENGINE_ENABLED";
  const word = wordIn(name).toLowerCase();
  if (["", "true", "1", "yes", "on"].includes(word)) return true;
  if (!["false", "0", "no", "off"].includes(word)) {
    const wants = `expected true or false, found "${word.slice(0, 40)}"`;
    say(`${name}: ${wants}; it counts as false; fix: write ${name}=false to switch it off`);
  }
  return false;
}

function say(text: string): void {
  lines += 1;
  if (lines > linesMax) return;
  try {
    writeSync(2, `soulmirror: ${text}\n`);
  } catch {
    // Nobody reads it, or it is full: the service comes first.
  }
}

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
