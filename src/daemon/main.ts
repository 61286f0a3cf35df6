/**
 * The daemon's entry: `node main.ts --config FILE --data DIR [--port N]`. Says nothing while it
 * runs (its log is in the data directory); a start that fails is one line and an exit code.
 */
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { messageOf, SoulMirrorError } from "../kernel/index.ts";
import { beginStoreWorker } from "../platform/index.ts";

const { values } = parseArgs({
  options: {
    config: { type: "string" },
    data: { type: "string" },
    port: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
  },
});

// Ours alone: services have caches of their own, or none.
delete process.env["NODE_COMPILE_CACHE"];

// Loads beside what follows.
beginStoreWorker();

try {
  const { startDaemon } = await import("./daemon.ts");
  if (values.config === undefined || values.data === undefined) {
    throw new SoulMirrorError("BAD_REQUEST", "--config and --data are needed");
  }
  const daemon = await startDaemon({
    configPath: values.config,
    dataPath: values.data,
    flags:
      values.port === undefined
        ? []
        : [{ key: "api.port", value: Number(values.port), name: "--port" }],
    // A copy: what services are not to inherit is taken out of the other one.
    environment: { ...process.env },
  });
  // Now, because a daemon that is killed writes nothing at its end.
  flushCompileCache();
  process.on("SIGHUP", () => void daemon.reload());
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void daemon.stop(signal).then(() => process.exit(0)));
  }
} catch (error) {
  const known = error instanceof SoulMirrorError ? error : undefined;
  const code = known?.code ?? "INTERNAL";
  const fix = known?.fix === undefined ? "" : ` Fix: ${known.fix}`;
  process.stderr.write(`soulmirror: ${code}: ${messageOf(error)}${fix}\n`);
  process.exit(known?.exitCode ?? 70);
}
