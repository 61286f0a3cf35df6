/**
 * P8: provider-beta dies and leaves a child behind that holds its listening socket and never
 * answers. Silent to a port check: the port accepts. Seen: the exit, or who holds the port. Healed:
 * the orphan belongs to the service (its process group), so it is ended and the service started.
 * Not lost: nothing; the primary provider serves meanwhile.
 */
import type { Fault } from "../fault.ts";
import { identityOf } from "../identity-of.ts";
import { injectCode } from "../inject-code.ts";
import { pickProcess } from "../pick-process.ts";
import { recordProcess } from "../record-process.ts";
import { landSignal, strike } from "../strike.ts";

const orphanLimitMs = 150_000;

const orphanCode = `
  process.on("message", (word, server) => { globalThis.held = server; process.send("held"); });
  setTimeout(() => process.exit(), ${orphanLimitMs});`;

const parentCode = `
  const { spawn } = process.getBuiltinModule("node:child_process");
  const server = process._getActiveHandles().find((handle) => handle.listening);
  const stdio = ["ignore", "ignore", "ignore", "ipc"];
  const child = spawn(process.execPath, ["-e", ${JSON.stringify(orphanCode)}], { stdio });
  const held = new Promise((resolve) => child.once("message", resolve));
  child.send("hold", server);
  await held;
  return child.pid;`;

export const orphanPort: Fault = {
  id: "P8",
  title: "orphan keeps the port",
  silent: true,
  control: false,
  strikes: "provider-beta",
  diagnosis: ["process_exited", "port_conflict", "hang"],
  healedBy: ["restart", "wait_for_port"],
  healWithinMs: 15_000,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    const record = recordProcess(scene, this.id, "SIGKILL");
    return strike(scene, {
      undo: record.undo,
      async land() {
        const { returned } = await injectCode(process, { now: parentCode }, scene.clock);
        const orphan = identityOf(Number(returned));
        record.write(orphan);
        const { wallMs: at } = scene.clock.now();
        const what = await landSignal(process, "SIGKILL");
        return { what: `${what}, its child ${orphan.pid} keeps the port`, at };
      },
    });
  },
};
