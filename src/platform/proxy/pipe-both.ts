/**
 * Joins two sockets and stays out of the way.
 *
 * 1. What came before an end in order reaches the other side, however slowly that one reads.
 * 2. One that breaks breaks the other as well: half of it never looks like all of it.
 * 3. `onEnd` is called when the first of them has closed.
 */
import type { Socket } from "node:net";

export function pipeBoth(one: Socket, other: Socket, onEnd: () => void): void {
  join(one, other, onEnd);
  join(other, one, onEnd);
}

function join(from: Socket, to: Socket, onEnd: () => void): void {
  from.on("error", () => to.destroy());
  from.on("close", () => {
    if (from.readableEnded) to.destroySoon();
    else to.destroy();
    onEnd();
  });
  from.setNoDelay(true);
  from.setTimeout(0);
  from.pipe(to);
}
