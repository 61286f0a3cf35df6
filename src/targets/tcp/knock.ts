/** Opens a connection and closes it at once. */
import { connect } from "node:net";
import type { AbortSignalLike } from "../../model/index.ts";
import { codeOf, type Trouble, troubleOf } from "../check-reading.ts";
import { resolveHost } from "../resolve-host.ts";

export interface Knock {
  /** Somebody is there, be it to say no. */
  readonly answered: boolean;
  /** Undefined: the door opens. */
  readonly trouble?: Trouble;
}

const answers: ReadonlySet<string> = new Set(["ECONNREFUSED", "ECONNRESET"]);

/** Never rejects. */
export function knock(
  address: { readonly host: string; readonly port: number },
  signal: AbortSignalLike,
): Promise<Knock> {
  return new Promise((resolve) => {
    const settle = (result: Knock): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(result);
    };
    const abort = (): void => {
      const trouble: Trouble = { symptom: "timeout", reason: "no connection came about" };
      settle({ answered: false, trouble });
    };
    const socket = connect({ ...address, lookup: resolveHost });
    socket.on("error", (error) => {
      settle({ answered: answers.has(codeOf(error)), trouble: troubleOf(error) });
    });
    socket.once("connect", () => settle({ answered: true }));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}
