/** How the proxy process is started. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { entryFile } from "../../system/index.ts";

export const proxyEntry: URL = entryFile("platform/proxy/main", import.meta.url);

export interface ProxyPaths {
  readonly socketPath: string;
  readonly logPath: string;
  /**
   * A folder for compiled code. Run from TypeScript, the second start with the same folder needs
   * 30 MB less than the first, because nothing has to be stripped.
   */
  readonly compileCachePath?: string;
}

/**
 * The arguments for Node. The proxy keeps little and throws away much, so a small heap suffices:
 * without the limits V8 takes memory because it is there.
 */
export function proxyArguments({ socketPath, logPath }: ProxyPaths): readonly string[] {
  return [
    "--max-semi-space-size=4",
    "--max-old-space-size=256",
    fileURLToPath(proxyEntry),
    "--socket",
    socketPath,
    "--log",
    logPath,
  ];
}

/**
 * Starts the proxy so that it outlives us, and says its pid; undefined when it cannot be started.
 * It is up when `ProxyRouter.pid()` says the same. It exits at once when another proxy already
 * answers on the socket.
 */
export function startProxy(paths: ProxyPaths): number | undefined {
  const { compileCachePath } = paths;
  const cache = compileCachePath === undefined ? {} : { NODE_COMPILE_CACHE: compileCachePath };
  const child = spawn(process.execPath, proxyArguments(paths), {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, ...cache },
  });
  // A failed start shows as a missing pid.
  child.on("error", () => {});
  child.unref();
  return child.pid;
}
