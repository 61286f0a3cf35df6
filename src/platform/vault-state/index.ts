/**
 * What a vault remembers outside of its locations, in files of the data directory. What is in them,
 * and that it is sealed, is up to `vault/`.
 */

export { createFileState } from "./file-state.ts";
