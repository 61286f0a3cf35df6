/**
 * The threads that read, cut, name and seal what a backup stores. Where it is stored, and what is
 * there already, is decided by others.
 */

export { type ContentThreadsOptions, WorkerThreads } from "./content-threads.ts";
