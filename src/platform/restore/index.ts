/** Restores into folders of this machine, with threads that open and write. */
export { RestoreThreads, type RestoreThreadsOptions } from "./restore-threads.ts";
