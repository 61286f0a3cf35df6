/**
 * A writer among others, to be killed at any moment: writes whole versions of one file, adds lines
 * to another and counts in a third, for ever. `node files-writer.ts FOLDER NAME`.
 */
import { join } from "node:path";
import { createFileOperations } from "../../src/public/files.ts";

const [folder = "", name = ""] = process.argv.slice(2);
const files = createFileOperations({ durable: false });
for (let round = 0; ; round += 1) {
  const line = `${name} ${round} `.padEnd(200, name);
  await files.safeWriteFile(join(folder, "whole"), `${line}\n`.repeat(1 + (round % 700)));
  await files.safeAppendFile(join(folder, "lines"), `${line}\n`);
  await files.safeJson.update<{ count: number }>(
    join(folder, "count.json"),
    ({ count }) => ({ count: count + 1 }),
    { fallback: { count: 0 } },
  );
  process.stdout.write(".");
}
