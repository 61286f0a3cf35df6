/** What a daemon leaves behind that was killed: services that run, and its notes of them. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProcessBench } from "./process-bench.ts";

export const ticking = `console.log("up"); setInterval(() => console.log("tick"), 20);`;

/** A daemon of its own starts these instances of the service, and is killed. */
export async function superviseAndDie(bench: ProcessBench, instances: string[]): Promise<void> {
  const script = join(bench.folder, "service.cjs");
  writeFileSync(script, ticking);
  const entry = fileURLToPath(new URL("./process-supervisor.ts", import.meta.url));
  const daemon = spawn(process.execPath, [entry, bench.folder, script, ...instances], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  bench.stack.defer(() => void daemon.kill("SIGKILL"));
  await new Promise((resolve) => daemon.stdout.once("data", resolve));
  daemon.kill("SIGKILL");
  await new Promise((resolve) => daemon.once("exit", resolve));
}

/** The pid in the note of the first instance. */
export function noted(bench: ProcessBench): number {
  const path = join(bench.directory.run, "shop.1.run.json");
  const { runs } = JSON.parse(readFileSync(path, "utf8")) as {
    runs: { process: { pid: number } }[];
  };
  return runs[0]?.process.pid ?? 0;
}
