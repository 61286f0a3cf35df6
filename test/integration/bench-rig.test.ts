/** The rig of the benches signals processes: never those that it was not told. */
import { expect, test } from "vitest";
import { signalProcess } from "../../bench/rig/process-figures.ts";

test("for want of a pid no signal goes to our own group", () => {
  for (const pid of [0, -0, Number.NaN, 1.5]) {
    expect(() => signalProcess(pid, "SIGCONT")).toThrow("there is no pid");
  }
  // One that is gone is no error.
  signalProcess(2 ** 22 + 1, "SIGCONT");
});
