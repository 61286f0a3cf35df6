/** Puts failures into a file of recoveries; says which generations it has seen, by their size. */
import { statSync } from "node:fs";
import { fileRecoveryStore } from "../../src/engine/recovery/index.ts";
import { failureRow } from "../../src/engine/recovery/recovery-bench.ts";

const [path = "", name = "", count = "0", maxBytes = "0"] = process.argv.slice(2);
const store = fileRecoveryStore(path, { maxBytes: Number(maxBytes) });
const sizes = new Set<number>();
for (let number = 0; number < Number(count); number += 1) {
  const row = failureRow(`${name}_${String(number).padStart(4, "0")}`, 1_700_000_000_000);
  // oxlint-disable-next-line no-await-in-loop -- one after the other is what is tried.
  await store.putFailure(row);
  const old = statSync(`${path}.1`, { throwIfNoEntry: false });
  if (old) sizes.add(old.size);
}
process.stdout.write(JSON.stringify([...sizes]));
