/**
 * P7: provider-alpha is killed, and a stranger takes its port before anybody can start it again.
 * Not silent. Seen: the conflict, with the holder's pid and command. Healed: by waiting; the
 * stranger is never touched, and the time to heal counts from when it has gone. Not lost: analyses,
 * which wait for the provider or go through its alternative.
 */
import { Accomplice } from "../accomplice.ts";
import type { Fault } from "../fault.ts";
import { ownPort } from "../own-port.ts";
import { pickProcess } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

const lastsMs = 8_000;

export const heldPort: Fault = {
  id: "P7",
  title: "port held by a stranger",
  silent: false,
  control: false,
  strikes: "provider-alpha",
  diagnosis: ["port_conflict"],
  healedBy: ["wait_for_port"],
  healWithinMs: 10_000,
  lastsMs,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    const port = ownPort(scene, this.strikes);
    const stranger = await Accomplice.start({ kind: "hold-port", port, limitMs: 4 * lastsMs });
    let isHurt: string | undefined;
    return strike(scene, {
      undo: [{ kind: "signal", process: stranger.identity, signal: "SIGKILL" }],
      async land() {
        const what = await landSignal(process, "SIGKILL");
        await stranger.says("holding");
        return `${what}; port ${port} taken by pid ${stranger.identity.pid}`;
      },
      async release() {
        if (stranger.isGone) isHurt = "the stranger was ended, who had done nothing";
        await stranger.end();
      },
      proof: async () => isHurt,
    });
  },
};
