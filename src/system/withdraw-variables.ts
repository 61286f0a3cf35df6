/**
 * Takes variables out of the environment that programs of ours inherit. Who has read them, or keeps
 * a copy of the environment from before, goes on; `/proc` shows them of this process alone.
 */
export function withdrawVariables(names: readonly string[]): void {
  for (const name of names) delete process.env[name];
}
