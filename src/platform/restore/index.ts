/**
 * Restores into folders of this machine, with threads that open, verify and write. What is
 * restored, and from where it is read, is decided by others.
 */

export { RestoreThreads, type RestoreThreadsOptions } from "./restore-threads.ts";
