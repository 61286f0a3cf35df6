/** Nobody waits for it, and how it ends is told elsewhere. */
export async function quietly(work: Promise<unknown> | undefined): Promise<void> {
  try {
    await work;
  } catch {
    // See above.
  }
}
