/**
 * N2: every connection that one trust-engine has now falls silent in both directions, as after a
 * cable was pulled: nothing is read, nothing is answered, nothing is closed, while new connections
 * work. (A packet filter could do the same, but not on every machine.) Silent: the kernel keeps the
 * connections open. Seen: nothing need be. Healed: without an action, by the deadlines of whoever
 * keeps such connections, the front proxy above all. Not lost: an acknowledged score.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

/** Then the connections end for good; it is the undo that lies within the process. */
const silenceMs = 60_000;

export const silentConnections: Fault = {
  id: "N2",
  title: "half-open connections",
  silent: true,
  control: false,
  strikes: "trust-engine",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 15_000,
  inject: (scene) =>
    leaveCode(scene, {
      service: "trust-engine",
      what: "connections without a peer",
      passes: true,
      code: `
        for (const socket of process._getActiveHandles()) {
          if (!socket.server || !socket._handle) continue;
          const end = socket.destroy;
          socket._handle.readStop();
          socket._handle.readStart = () => 0;
          socket.write = () => true;
          for (const way of ["end", "destroy", "destroySoon", "resume"]) {
            socket[way] = () => socket;
          }
          setTimeout(() => end.call(socket), ${silenceMs}).unref();
        }`,
    }),
};
