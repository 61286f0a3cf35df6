/** A thread that opens, verifies and writes; see `messages.ts` for what it hears and says. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import { randomPool } from "../../system/index.ts";
import { Codec, createSealer } from "../../vault/index.ts";
import { createKernels } from "../kernels/index.ts";
import { Restorer } from "../tree/index.ts";
import { checkFile } from "./check-file.ts";
import { FileWriter } from "./file-writer.ts";
import type { FromWriter, ToWriter, WriterSetup } from "./messages.ts";
import { unpackJob } from "./packed-job.ts";

assert(parentPort !== null, "a restore worker runs in a worker thread");
const port = parentPort;
const { keys, ...place } = workerData as WriterSetup;
const warn = (message: string): void => say({ kind: "warning", message });
const restorer = new Restorer({ ...place, warn });
const codec = new Codec(createSealer(keys, createKernels()), randomPool());
const writer = new FileWriter(restorer, codec);

port.on("message", (message: ToWriter) => {
  const { question } = message;
  if (message.kind === "write") {
    const report = writer.write(unpackJob(message.job));
    freeBytes(message.job.bytes);
    say({ kind: "written", question, report });
  } else {
    const files = message.files.map((file) => checkFile(restorer, file));
    say({ kind: "checked", question, files });
  }
});

/** At once: a collection comes late for what lies outside of the heap. */
function freeBytes({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

function say(message: FromWriter): void {
  port.postMessage(message);
}
