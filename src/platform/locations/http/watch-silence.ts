/**
 * Notices that nothing moves on the connection of a request any more.
 *
 * Looks are counted, and not the time between them: in a process that was busy for a while with
 * something else, timers are late and what has arrived meanwhile is not read yet, which is no
 * silence of the other side. A request that waits for a connection is not silent either.
 */
import type { ClientRequest } from "node:http";

const looks = 4;

/** @returns what ends the watch */
export function watchSilence(
  request: ClientRequest,
  idleMs: number,
  onSilence: () => void,
): () => void {
  let last = -1;
  let quietLooks = 0;
  const timer = setInterval(() => {
    const { socket } = request;
    const moved = socket === null ? -1 : socket.bytesRead + socket.bytesWritten;
    quietLooks = moved === last && socket !== null ? quietLooks + 1 : 0;
    last = moved;
    if (quietLooks < looks) return;
    clearInterval(timer);
    onSilence();
  }, idleMs / looks);
  return () => clearInterval(timer);
}
