/** `npm run kernels`: builds the sources in `assembly/` into the file that is committed. */
import { writeFile } from "node:fs/promises";
import { builtFile, compileKernels } from "./compile-kernels.ts";

await writeFile(builtFile, await compileKernels());
