#!/usr/bin/env node
/**
 * Starts SoulMirror's command line on a Node that can run it. Plain JavaScript on purpose: this is
 * the one file that an older Node must be able to read.
 *
 * A Node below 24 looks for the npm package `node` beside or above this package and hands over to
 * it: same arguments, same terminal, signals passed on, exit code kept. The folder of that Node
 * comes first in PATH, so that everything started from here finds the same one.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as module from "node:module";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const majorNeeded = 24;
const passedOn = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGCONT"];

const packageFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

function majorOf(version) {
  return Number.parseInt(version, 10);
}

function findNode() {
  for (let folder = packageFolder; ; folder = path.dirname(folder)) {
    const beside = path.join(folder, "node_modules", "node");
    const name = process.platform === "win32" ? "node.exe" : "node";
    const program = path.join(beside, "bin", name);
    if (existsSync(program) && majorOf(versionOf(beside)) >= majorNeeded) return program;
    if (folder === path.dirname(folder)) return undefined;
  }
}

function versionOf(folder) {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")).version;
}

function handOver(program) {
  const searchPath = [path.dirname(program), process.env.PATH ?? ""].join(path.delimiter);
  const child = spawn(program, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, PATH: searchPath },
  });
  for (const signal of passedOn) {
    process.on(signal, () => {
      // Ctrl-C reaches the whole group of a terminal; a second SIGINT would mean "now, by force".
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once("error", (error) => fail(`${program} could not be started: ${error.message}`));
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Die of the same signal, so that the one who waits for us sees what happened.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  process.stderr.write(`soulmirror: ${message}\n`);
  process.exit(1);
}

/** The user's own: what is in it is run, and where Node puts it (/tmp) anybody may be first. */
function compileCachePath() {
  const caches = process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache");
  return path.join(caches, "soulmirror");
}

async function main() {
  if (majorOf(process.versions.node) < majorNeeded) {
    const program = findNode();
    if (program !== undefined) return handOver(program);
    return fail(
      `Node ${majorNeeded} or newer is needed, this is ${process.versions.node}. ` +
        `Install it, or put it beside your project: npm install --save-dev node@${majorNeeded}`,
    );
  }
  module.enableCompileCache(compileCachePath());
  // A checkout runs its sources as they are; the published package has only the built files.
  const isCheckout = existsSync(path.join(packageFolder, "src"));
  await import(isCheckout ? "../src/cli/main.ts" : "../dist/cli/main.js");
}

await main();
