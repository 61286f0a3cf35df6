/**
 * P4: a chat log whose impossible time ends chat-analyzer's worker; its rejection is swallowed far
 * away. Silent: `/health` stays 200 while no analysis moves. Seen: stalled work. Healed: a restart,
 * which sets the upload aside. Not lost: the uploads that waited behind it.
 */
import { integerBetween } from "../../kernel/index.ts";
import type { Fault } from "../fault.ts";
import { askService } from "../front-door.ts";
import { pickProcess } from "../pick-process.ts";
import { strike } from "../strike.ts";

const poison = "12:30 ana: all is well\n99:99 bo: an impossible time\n";

export const poisonUpload: Fault = {
  id: "P4",
  title: "worker dead behind a live port",
  silent: true,
  control: false,
  strikes: "chat-analyzer",
  diagnosis: ["stalled_work"],
  healedBy: ["drain_restart", "restart"],
  healWithinMs: 20_000,
  async inject(scene) {
    const service = this.strikes;
    const { process } = await pickProcess(scene, service);
    const id = `poison-${integerBetween(scene.random, 0, 1e9)}`;
    return strike(scene, {
      // Whoever is not healed is ended, so that the next start sets the upload aside.
      undo: [{ kind: "signal", process, signal: "SIGKILL" }],
      async land() {
        const headers = { "x-upload-id": id };
        await askService(scene, { service, path: "/uploads", headers, body: poison });
        return `upload ${id} with an impossible time`;
      },
    });
  },
};
