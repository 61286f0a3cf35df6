/**
 * Looks at the real machine that give the healer its facts: what git knows, who writes a file, what
 * is mounted, where a content lives on. What follows from them is judged in `vault/heal/`.
 */
export { findCopy } from "./find-copy.ts";
export { type GitState, gitFactsOf, readGitState } from "./git-state.ts";
export { isDatabase } from "./is-database.ts";
export { mountOf, mountPoints, mountTable } from "./mount-of.ts";
export { whoWrites } from "./who-writes.ts";
