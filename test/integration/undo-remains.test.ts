/** What a drill that is killed leaves to the process that undoes for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { endChild } from "./fault-bench.ts";

/** A process that runs `code` with the door of `src/chaos` as `chaos`, and lives until its end. */
function drill(code: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const door = new URL("../../src/chaos/index.ts", import.meta.url).href;
  const script = `const chaos = await import(${JSON.stringify(door)}); ${code};
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  afterwards(() => endChild(child));
  return child;
}

test("a small disk goes with the drill that mounted it, however that ends", async () => {
  const path = join(temporaryFolder("undo"), "disk");
  const isMounted = (): boolean => readFileSync("/proc/mounts", "utf8").includes(` ${path} `);
  const code = `await chaos.mountSmallDisk(${JSON.stringify(path)}, 2 ** 20)`;
  const mounting = drill(`console.log((${code}) === undefined ? "refused" : "mounted")`);
  const [said] = (await once(mounting.stdout ?? mounting, "data")) as [Buffer];
  // Where nothing may be mounted nothing is.
  expect(said.toString().trim()).toBe(isMounted() ? "mounted" : "refused");
  await endChild(mounting);
  await until(() => !isMounted());
});

test("an undo that has begun comes to its end, though the drill dies meanwhile", async () => {
  const root = temporaryFolder("undo");
  const [begun, done] = [join(root, "begun"), join(root, "done")];
  writeFileSync(join(root, "umount"), `#!/bin/sh\ntouch ${begun}\nsleep 0.5\n`, { mode: 0o755 });
  const steps = [
    { kind: "unmount", path: join(root, "nothing") },
    { kind: "write", path: done, text: "all of it" },
  ];
  const arming = drill(`await chaos.armUndo(${JSON.stringify({ steps, afterMs: 1 })})`, {
    PATH: `${root}:${process.env["PATH"]}`,
  });
  await until(() => existsSync(begun));
  await endChild(arming);
  await until(() => existsSync(done));
});
