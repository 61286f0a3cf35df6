/**
 * Waits until an instance serves: the router says so; without one, its own HTTP probe finds what it
 * expects, or its port accepts. It ends at once when the process ends, with what it last said.
 */
import { connect } from "node:net";
import type { ProbeSpec, ServiceSpec } from "../../config/index.ts";
import { cutOff, quote } from "../../kernel/index.ts";
import type { AbortSignalLike, Command, Effector, Sensor, StepResult } from "../../model/index.ts";
import { createHttpSensor } from "../http/index.ts";
import type { ProcessContext } from "./context.ts";
import { type Address, ownAddresses } from "./own-ports.ts";
import { done, failure } from "./parameters.ts";
import { pause } from "./pause.ts";
import { lastLines } from "./read-log.ts";
import { exitTextOf, type Run } from "./run.ts";

const firstPauseMs = 5;
const longestPauseMs = 50;
const acceptMs = 1000;
const linesOfLog = 5;

export function readyEffector(context: ProcessContext): Effector {
  const http = createHttpSensor(context);
  return {
    kind: "ready",
    async precheck() {
      return done("may be waited for");
    },
    act: (command, signal) => waitUntilReady({ ...context, http }, command, signal),
  };
}

interface ReadyContext extends ProcessContext {
  readonly http: Sensor;
}

interface Look {
  readonly run: Run;
  readonly spec: ServiceSpec | undefined;
  readonly signal: AbortSignal;
}

async function waitUntilReady(
  context: ReadyContext,
  { step }: Command,
  signal: AbortSignalLike,
): Promise<StepResult> {
  const run = context.table.current(step.resource);
  if (!run) return failure(await endOf(context, step.resource));
  const spec = context.specOf(run.specHash);
  const begunMs = context.clock.now().monotonicMs;
  const over = new AbortController();
  const forget = context.table.onEnd(run, () => over.abort());
  const stop = (): void => over.abort();
  signal.addEventListener("abort", stop, { once: true });
  let seen = "nothing was asked yet";
  let hasLooked = false;
  try {
    for (let pauseMs = firstPauseMs; !over.signal.aborted && !signal.aborted; ) {
      const look = await lookAt(context, { run, spec, signal: over.signal });
      // A look that the end of the time has cut short says less than the one before it.
      if (!over.signal.aborted || !hasLooked) seen = look;
      hasLooked = true;
      if (look === "ready") {
        const elapsedMs = Math.round(context.clock.now().monotonicMs - begunMs);
        return done(`pid ${run.process.pid} serves after ${elapsedMs} ms`);
      }
      await pause(context.timers, pauseMs, over.signal);
      pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
    }
  } finally {
    forget();
    signal.removeEventListener("abort", stop);
  }
  if (run.exit !== undefined) return failure(await endOf(context, step.resource));
  return failure(`pid ${run.process.pid} was not ready in time: ${seen}`);
}

/** `ready`, or what is still missing. */
async function lookAt(context: ReadyContext, look: Look): Promise<string> {
  const { run, spec } = look;
  if (run.exit !== undefined) return exitTextOf(run.exit);
  if (context.routes.has(run)) {
    const state = await context.routes.stateOf(run);
    return state === "serving" ? "ready" : state;
  }
  const probe = spec && (spec.readiness ?? spec.startup ?? spec.liveness);
  if (!spec || !probe) return "ready";
  const isAsked = probe.parameters["url"] !== undefined || run.port !== undefined;
  if (probe.kind === "http" && isAsked) return askHttp(context.http, probe, look);
  const address =
    run.port === undefined ? ownAddresses(spec)[0] : { host: "127.0.0.1", port: run.port };
  // Nobody but its sensors can ask such a service; being alive is all that is known here.
  return address === undefined ? "ready" : askTcp(address);
}

/** As the probe's own sensor judges the answer. */
async function askHttp(sensor: Sensor, probe: ProbeSpec, { run, signal }: Look): Promise<string> {
  const { kind, parameters, intervalMs, timeoutMs } = probe;
  const key = `${run.resource}#ready`;
  const spec = { key, resource: run.resource, sensor: "ready", kind, parameters };
  const at = run.port === undefined ? {} : { port: run.port };
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const [reading] = await sensor.read({ spec: { ...spec, intervalMs, timeoutMs }, ...at }, inTime);
  sensor.forget?.(key);
  // Who is slow serves.
  const isBad = reading?.kind === "check" && !reading.ok && reading.symptom !== "slow";
  return isBad ? reading.reason : "ready";
}

function askTcp({ host, port }: Address): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: acceptMs }, () => settle("ready"));
    const settle = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("timeout", () => settle(`port ${port} did not accept within ${acceptMs} ms`));
    socket.on("error", (error) => settle(error.message));
  });
}

/** How the last process of the instance ended, and its last words. */
async function endOf(context: ProcessContext, resource: Run["resource"]): Promise<string> {
  const ended = context.table.lastEnded(resource);
  if (!ended?.exit) return "no process runs";
  const lines = await lastLines(context.logOf(resource), linesOfLog, ended.exit.logOffset);
  const words = lines.length > 0 ? `; its log ends: ${quote(cutOff(lines.join(" | "), 1000))}` : "";
  return `pid ${ended.process.pid} ${exitTextOf(ended.exit)}${words}`;
}
