/** The last word of a command that failed: what, why, what to do, and the exit code. */
import { messageOf, SoulMirrorError } from "../kernel/index.ts";
import { plainLines } from "./plain-text.ts";

export function reportError(error: unknown, isJson: boolean): number {
  const known =
    error instanceof SoulMirrorError
      ? error
      : new SoulMirrorError("INTERNAL", messageOf(error), {
          fix: "this is an error of soulmirror itself: run it again with SOULMIRROR_STACK=1 and report it",
        });
  const { code, message, fix, exitCode } = known;
  if (isJson) {
    const told = { error: { code, message, ...(fix === undefined ? {} : { fix }) } };
    process.stderr.write(`${JSON.stringify(told)}\n`);
  } else {
    process.stderr.write(`soulmirror: ${plainLines(message.trim())}\n`);
    if (fix !== undefined) process.stderr.write(`  fix: ${plainLines(fix)}\n`);
  }
  if (process.env["SOULMIRROR_STACK"] === "1" && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ""}\n`);
  }
  return exitCode;
}
