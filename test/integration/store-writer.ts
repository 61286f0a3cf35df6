/** Appends entries until it is killed, and says each position once it has been acknowledged. */
import { writeSync } from "node:fs";
import type { SealedEntry } from "../../src/model/index.ts";
import { openWorkerStore } from "../../src/platform/store/index.ts";
import { actionOf, failureOf, sealAll } from "../conformance/entries.ts";

const store = await openWorkerStore(process.argv[2] ?? "");
let last: SealedEntry | undefined = await store.last();
for (;;) {
  const sealed = sealAll(
    [
      { kind: "failure_raised", failure: failureOf(`flr_${last?.position ?? 0}`) },
      { kind: "action", action: actionOf(`act_${last?.position ?? 0}`, undefined) },
    ],
    last,
  );
  await store.append(sealed);
  last = sealed.at(-1);
  writeSync(1, `${last?.position}\n`);
}
