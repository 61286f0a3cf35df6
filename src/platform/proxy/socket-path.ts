/** The kernel keeps a unix socket's path in 104 bytes (macOS) or 108 (Linux), with a final zero. */
const mostBytes = 103;

/** Why a path cannot be a socket's, or undefined when it can. */
export function socketPathProblem(path: string): string | undefined {
  const sizeBytes = Buffer.byteLength(path);
  if (sizeBytes <= mostBytes) return undefined;
  return (
    `the proxy's socket path has ${sizeBytes} bytes, and a unix socket's may have ${mostBytes}: ` +
    `choose a shorter data directory (${path})`
  );
}
