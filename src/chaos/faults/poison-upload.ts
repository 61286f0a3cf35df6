/**
 * P4: a chat log whose impossible time ends chat-analyzer's worker; its rejection is swallowed far
 * away. Silent: `/health` stays 200 while no analysis moves. Seen: stalled work. Healed: a restart,
 * which sets the upload aside. Not lost: the uploads that waited behind it.
 */
import { integerBetween } from "../../kernel/index.ts";
import type { Fault } from "../fault.ts";
import { pickProcess } from "../pick-process.ts";
import { strike } from "../strike.ts";

const poison = "12:30 ana: all is well\n99:99 bo: an impossible time\n";
const answerLimitMs = 5_000;

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
    const { process } = await pickProcess(scene, this.strikes);
    const id = `poison-${integerBetween(scene.random, 0, 1e9)}`;
    return strike(scene, {
      // Whoever is not healed is ended, so that the next start sets the upload aside.
      undo: [{ kind: "signal", process, signal: "SIGKILL" }],
      async land() {
        const answer = await fetch(`http://127.0.0.1:${scene.frontPort("chat-analyzer")}/uploads`, {
          method: "POST",
          headers: { "x-upload-id": id },
          body: poison,
          signal: AbortSignal.timeout(answerLimitMs),
        });
        if (answer.status !== 202) throw new Error(`the upload was answered ${answer.status}`);
        return `upload ${id} with an impossible time`;
      },
    });
  },
};
