/** The WebAssembly that is committed is what its sources say, byte for byte. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { builtFile, compileKernels } from "../../assembly/build/compile-kernels.ts";

it("holds what `npm run kernels` would write", async () => {
  const built = await compileKernels();
  expect(built === (await readFile(builtFile, "utf8")), "run `npm run kernels`").toBe(true);
});
