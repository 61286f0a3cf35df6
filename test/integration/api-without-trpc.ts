/** Run as a process of its own: the API where @trpc/server cannot be found. */
import { registerHooks } from "node:module";
import { ApiBench } from "./api-bench.ts";

registerHooks({
  resolve(specifier, context, next) {
    const missing = specifier.startsWith("@trpc/") ? `${specifier}-is-not-installed` : specifier;
    return next(missing, context);
  },
});

await using bench = await ApiBench.start();
const trpc = await bench.ask("/trpc/health");
const rest = await bench.ask("/api/v1/health");
process.stdout.write(JSON.stringify({ trpc, rest }));
