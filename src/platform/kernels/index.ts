/** The computations behind the vault's port, in WebAssembly and in Node's pool of threads. */
import type { Kernels } from "../../vault/index.ts";
import { createCutter } from "./cutter.ts";
import { createMac } from "./mac.ts";

export { deriveKey } from "./derive-key.ts";

/** For one thread; costs less than a millisecond, and 192 KiB for it and for each cutter. */
export function createKernels(): Kernels {
  return { ...createMac(), createCutter };
}
