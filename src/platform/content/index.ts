/** The threads that read, cut, name and seal what a backup stores. */
export { type ContentThreadsOptions, WorkerThreads } from "./content-threads.ts";
