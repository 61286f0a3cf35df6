/** What a vault remembers outside of its locations. */
export { createFileState } from "./file-state.ts";
