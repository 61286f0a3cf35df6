/** Watches a folder in a process of its own that can be stopped: `node watch-program.ts FOLDER`. */
import { watchTree } from "../../src/platform/watch/index.ts";
import { rawPathOfText } from "../../src/vault/index.ts";

await watchTree({
  roots: [rawPathOfText(process.argv[2] ?? "")],
  exclude: [],
  without: [],
  limits: { debounceMs: 40, maxDelayMs: 300 },
  hear: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`),
});
