/**
 * N13: provider-alpha listens and accepts nobody: it is stopped, and its queue of connections is
 * filled, so that further ones are not even answered by the kernel. Silent. Seen: a hang, or that
 * it cannot be reached. Healed: a restart. Not lost: analyses, which wait or take the alternative.
 */
import { connect, type Socket } from "node:net";
import type { Fault } from "../fault.ts";
import { ownPort } from "../own-port.ts";
import { pickProcess } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

const connectionsMax = 5_000;
/** On the own machine a connection stands within a moment, or the queue is full. */
const connectMs = 200;

export const fullAcceptQueue: Fault = {
  id: "N13",
  title: "listens, accepts nobody",
  silent: true,
  control: false,
  strikes: "provider-alpha",
  diagnosis: ["hang", "unreachable"],
  healedBy: ["restart"],
  healWithinMs: 10_000,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    const port = ownPort(scene, this.strikes);
    const sockets: Socket[] = [];
    return strike(scene, {
      undo: [{ kind: "signal", process, signal: "SIGCONT" }],
      async land() {
        const { wallMs: at } = scene.clock.now();
        const what = await landSignal(process, "SIGSTOP");
        while (sockets.length < connectionsMax && (await occupy(port, sockets)));
        return { what: `${what}, ${sockets.length} connections before it`, at };
      },
      after() {
        for (const socket of sockets) socket.destroy();
      },
    });
  },
};

/** One more connection in the queue; false when it does not come about any more. */
function occupy(port: number, sockets: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    sockets.push(socket);
    const full = setTimeout(() => resolve(false), connectMs);
    // Its end is the healing: the process went, and the kernel resets all that waited.
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      clearTimeout(full);
      resolve(true);
    });
  });
}
