/**
 * P11: mobile-converter exits with code 0 in the middle of an export. Silent to whoever trusts
 * exit codes. Seen: an exit that nobody asked for. Healed: a restart. Not lost: the export, which
 * goes on where it was; the proof is that it gets done.
 */
import { integerBetween } from "../../kernel/index.ts";
import type { Fault } from "../fault.ts";
import { orderExport } from "../front-door.ts";
import { injectCode } from "../inject-code.ts";
import { pickProcess } from "../pick-process.ts";
import { strike } from "../strike.ts";

export const unfinishedExit: Fault = {
  id: "P11",
  title: "exit 0, work unfinished",
  silent: true,
  control: false,
  strikes: "mobile-converter",
  diagnosis: ["process_exited"],
  healedBy: ["restart"],
  healWithinMs: 5_000,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    const id = `drill-${integerBetween(scene.random, 0, 1e9)}`;
    const isDone = await orderExport(scene, { id, rows: 400, limitMs: 30_000 });
    return strike(scene, {
      undo: [],
      async land() {
        const { at } = await injectCode(process, { left: "process.exit(0);" }, scene.clock);
        return { what: `exit 0 of pid ${process.pid} during export ${id}`, at };
      },
      proof: isDone,
    });
  },
};
