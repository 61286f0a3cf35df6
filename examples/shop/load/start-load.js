import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const GENERATOR = fileURLToPath(new URL("../generator.js", import.meta.url));

/**
 * Starts the generator as a process of its own, so that the load does not share an event loop with
 * whoever judges it. `stop()` lets the open requests end, and resolves with the exit code.
 */
export function startLoad({
  targets,
  ledgerFile,
  ratePerSecond,
  seconds,
  seed = 1,
  timeoutMs = 2_000,
}) {
  const settings = { ledger: ledgerFile, rate: ratePerSecond, seconds, seed, timeout: timeoutMs };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  if (targets !== undefined) args.push("--targets", JSON.stringify(targets));
  const child = spawn(process.execPath, [GENERATOR, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  return { pid: child.pid, ended, stop, [Symbol.asyncDispose]: stop };
}
