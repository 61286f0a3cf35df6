/**
 * Does a command end well? Kind `command`.
 *
 * C1. It gets PATH, HOME, LANG and TZ of ours, what the fleet file declares, the name of the
 *     resource and the PORT of the instance, and nothing else.
 * C2. Its process group is killed at the deadline; what it prints is kept up to 64 KiB (its end).
 * C3. Values of declared variables are masked in reasons: any of them may be a password. What the
 *     command itself said is quoted: who has no token does not get to read it.
 */
import { z } from "zod";
import { type Clock, quote } from "../../kernel/index.ts";
import type { Reading, ReadRequest, Sensor } from "../../model/index.ts";
import { badCheck, excerpt, goodCheck, inMs, type Trouble } from "../check-reading.ts";
import { maskSecrets } from "../mask-secrets.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { textPattern } from "../text-pattern.ts";
import { type CommandEnd, runCommand } from "./run-command.ts";

const schema = z.object({
  command: z.array(z.string()).min(1),
  cwd: z.string().min(1).optional(),
  env: z.record(z.string(), z.string()).default({}),
  expectExitCode: z.int().min(0).max(255).default(0),
  expectOutput: z.string().optional(),
});

type Parameters = z.infer<typeof schema>;

export interface CommandSensorOptions {
  readonly clock: Clock;
  /** Ours, of which only the names of C1 are passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const passedOn = ["PATH", "HOME", "LANG", "TZ"];
const outputBytesMax = 64 * 1024;
/** The signal of the look ends the command; this is for a caller without one. */
const longestMs = 3_600_000;

const parametersOf = sensorParameters("command", schema);

export function createCommandSensor({ clock, environment }: CommandSensorOptions): Sensor {
  return {
    kind: "command",
    async read(request, signal): Promise<readonly Reading[]> {
      const given = parametersOf(request.spec.parameters);
      const { command, cwd } = given;
      const env = environmentOf(environment, given, request);
      const begunMs = clock.now().monotonicMs;
      const limits = { timeoutMs: longestMs, outputBytesMax };
      const end = await runCommand({ command, cwd, env, ...limits }, signal);
      const elapsedMs = clock.now().monotonicMs - begunMs;
      const trouble = troubleIn(end, given);
      const [program = ""] = command;
      const after = `${program}, ${inMs(elapsedMs)}`;
      if (trouble === undefined) return [goodCheck(elapsedMs, `${after}: ended as expected`)];
      const reason = maskSecrets(`${after}: ${trouble.reason}`, Object.values(given.env));
      return [badCheck(elapsedMs, { symptom: trouble.symptom, reason })];
    },
  };
}

function environmentOf(
  ours: CommandSensorOptions["environment"],
  { env }: Parameters,
  { spec, port }: ReadRequest,
): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of passedOn) {
    const value = ours[name];
    if (value !== undefined) inherited[name] = value;
  }
  return {
    ...inherited,
    ...env,
    SOULMIRROR_RESOURCE: spec.resource,
    ...(port === undefined ? {} : { PORT: String(port) }),
  };
}

function troubleIn(end: CommandEnd, given: Parameters): Trouble | undefined {
  if (end.kind === "unstartable") {
    const symptom = end.reason.includes("ENOENT") ? "missing" : "sensor";
    return { symptom, reason: `it could not be started: ${end.reason}` };
  }
  // Before it is cut: half a secret is not known again.
  const said = excerpt(maskSecrets(lastLineOf(end.output), Object.values(given.env)));
  const note = said === "" ? "" : `: ${quote(said)}`;
  if (end.kind === "killed") return { symptom: "status", reason: `killed by ${end.by}${note}` };
  if (end.kind !== "exited") {
    return { symptom: "timeout", reason: `it did not end in time and was killed${note}` };
  }
  const { expectExitCode, expectOutput } = given;
  if (end.code !== expectExitCode) {
    const reason = `exit code ${end.code}, not ${expectExitCode}${note}`;
    return { symptom: "status", reason };
  }
  if (expectOutput === undefined || textPattern(expectOutput).matches(end.output)) return undefined;
  return { symptom: "content", reason: `its output has no ${expectOutput}${note}` };
}

function lastLineOf(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}
