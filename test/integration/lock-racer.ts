/**
 * One of several processes that want the same locks at the same moment, on a disk of which each
 * call takes its time. Says which it got: `node lock-racer.ts FOLDER RACERS ROUNDS`.
 */
import fs, { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { createRandom } from "../../src/kernel/index.ts";
import { until } from "../until.ts";

const word = new Int32Array(new SharedArrayBuffer(4));
const random = createRandom(process.pid);
const dawdle = (): void => void Atomics.wait(word, 0, 0, random.next() * 4);

/** Another process may do whatever it likes before and after each change. */
for (const name of ["linkSync", "renameSync", "rmSync"] as const) {
  const real = fs[name] as (...given: readonly unknown[]) => void;
  Object.assign(fs, {
    [name]: (...given: readonly unknown[]) => {
      dawdle();
      real(...given);
      dawdle();
    },
  });
}
syncBuiltinESMExports();
const { acquireLock } = await import("../../src/system/index.ts");

const [folder = "", racers = "", rounds = ""] = process.argv.slice(2);
const held: number[] = [];
const twice: number[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  const place = join(folder, String(round));
  await together(join(place, "here"));
  try {
    acquireLock(join(place, "lock"));
    held.push(round);
  } catch {
    // Somebody else has it.
  }
  try {
    using _ = acquireLock(join(place, "free"));
    const inside = join(place, "inside");
    if (existsSync(inside)) twice.push(round);
    writeFileSync(inside, "");
    dawdle();
    fs.rmSync(inside);
  } catch {
    // As above.
  }
}
process.stdout.write(`${JSON.stringify({ held, twice })}\n`);
// What is held stays held until all have told.
setInterval(() => undefined, 1000);

/** Goes on when all are there. */
async function together(here: string): Promise<void> {
  mkdirSync(here, { recursive: true });
  writeFileSync(join(here, String(process.pid)), "");
  const there = () => readdirSync(here);
  await until(() => there().length >= Number(racers), { everyMs: 1, seen: there });
}
