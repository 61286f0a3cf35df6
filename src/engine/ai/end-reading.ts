/**
 * Nobody reads on: a stream may end what it holds open, in its own way. Whether it answers at once,
 * later or with an error, and whether it can do so at all, is nobody's business any more.
 */
export async function endReading(open: () => AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await open()?.return?.();
  } catch {
    // See above.
  }
}
