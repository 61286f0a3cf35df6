/** Opens a connection and closes it at once; what went wrong, or undefined. */
import { connect } from "node:net";
import type { AbortSignalLike } from "../../model/index.ts";
import { type Trouble, troubleOf } from "../check-reading.ts";
import { resolveHost } from "../resolve-host.ts";

export function knock(
  address: { readonly host: string; readonly port: number },
  signal: AbortSignalLike,
): Promise<Trouble | undefined> {
  return new Promise((resolve) => {
    const settle = (trouble?: Trouble): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(trouble);
    };
    const abort = (): void => settle({ symptom: "timeout", reason: "no connection came about" });
    const socket = connect({ ...address, lookup: resolveHost });
    socket.on("error", (error) => settle(troubleOf(error)));
    socket.once("connect", () => settle());
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}
