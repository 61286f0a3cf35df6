/** A file of recoveries that two processes write to. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fileRecoveryStore } from "../../src/engine/recovery/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const writer = fileURLToPath(new URL("recovery-writer.ts", import.meta.url));
const run = promisify(execFile);

/** Both at once; the sizes of older generations that were seen. */
async function writeBoth(path: string, count: number, maxBytes: number): Promise<number[]> {
  const ends = await Promise.all(
    ["a", "b"].map((name) =>
      run(process.execPath, [writer, path, name, `${count}`, `${maxBytes}`]),
    ),
  );
  return ends.flatMap(({ stdout }) => JSON.parse(stdout) as number[]);
}

test("two processes lose nothing of each other's, over a change of generations", async () => {
  const path = join(temporaryFolder("recovery"), "recoveries.jsonl");
  await writeBoth(path, 60, 25_000);
  const { failures } = await fileRecoveryStore(path).read();
  const expected = ["a", "b"].flatMap((name) =>
    Array.from({ length: 60 }, (_, number) => `${name}_${String(number).padStart(4, "0")}`),
  );
  expect(failures.map(({ eventId }) => eventId).toSorted()).toEqual(expected);
});

test("a generation is whole when it becomes the older one, whoever changes them", async () => {
  const path = join(temporaryFolder("recovery"), "recoveries.jsonl");
  const maxBytes = 2000;
  const sizes = await writeBoth(path, 150, maxBytes);
  const line = readFileSync(path, "utf8").split("\n")[0] ?? "";
  expect(sizes.length).toBeGreaterThan(0);
  expect(Math.min(...sizes)).toBeGreaterThan(maxBytes - 2 * line.length);
});
