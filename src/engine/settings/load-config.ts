/**
 * The schema and the YAML reader, loaded when the first file is to be read: an engine without files
 * never loads a package. Synchronously, so that the very first call is made under what the file
 * says, and so that a mistake in it is thrown where the engine is made.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Config from "../../config/index.ts";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { entryFile } from "../../system/index.ts";

let loaded: typeof Config | undefined;

/** Throws SoulMirrorError CONFIG_INVALID where the code lies that could not be loaded. */
export function loadConfig(): typeof Config {
  if (loaded !== undefined) return loaded;
  const file = fileURLToPath(entryFile("config/index", import.meta.url));
  try {
    loaded = createRequire(import.meta.url)(file) as typeof Config;
    return loaded;
  } catch (error) {
    const message = `what reads configuration files could not be loaded: ${messageOf(error)}`;
    const fix = "leave soulmirror out of the bundle (mark it as external), or configure it in code";
    throw new SoulMirrorError("CONFIG_INVALID", message, { fix, cause: error });
  }
}
