/** What the loop asks of the agent of a vault, over a real socket. */
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Command, StepResult } from "../../src/model/index.ts";
import {
  askAgent,
  openControlSocket,
  vaultEffector,
} from "../../src/platform/vault-agent/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

function asked(folder: string, what: string, limitMs = 60_000): Promise<StepResult> {
  const effector = vaultEffector((vault) => join(folder, `${vault}.sock`));
  const step = {
    kind: "vault",
    resource: "vault/treasure",
    parameters: { do: what },
    deadlineMs: limitMs,
  } as const;
  const command: Command = {
    id: "c",
    phase: "act",
    action: "a",
    step,
    announced: true,
    afterSync: false,
  };
  return effector.act(command, AbortSignal.timeout(limitMs));
}

test("the answer of the agent is the result of the step, and no answer is a failure", async () => {
  const folder = temporaryFolder("effector");
  const heard: string[] = [];
  expect(await asked(folder, "heal")).toMatchObject({
    kind: "failed",
    reason: expect.stringContaining("no agent answers") as string,
  });
  const socket = await openControlSocket(join(folder, "treasure.sock"), async (request) => {
    heard.push(request.do);
    if (request.do === "drill") throw new Error("what was restored differs");
    if (request.do === "catch-up") await new Promise(() => {});
  });
  afterwards(() => socket[Symbol.asyncDispose]());
  expect(await asked(folder, "heal")).toMatchObject({ kind: "done" });
  expect(await asked(folder, "drill")).toEqual({
    kind: "failed",
    reason: "what was restored differs",
  });
  expect(await asked(folder, "catch-up", 300)).toMatchObject({ kind: "failed" });
  expect(await asked(folder, "dance")).toMatchObject({ kind: "failed" });
  expect(heard).toEqual(["heal", "drill", "catch-up"]);
});

test.each(["asks nothing", "does not go"])("S3: who takes a seat and %s loses it", async (how) => {
  const path = join(temporaryFolder("effector"), "treasure.sock");
  const served = await openControlSocket(path, async () => "well", { idleMs: 500 });
  afterwards(() => served[Symbol.asyncDispose]());
  for (let seats = 0; seats < 16; seats += 1) {
    const socket = connect({ path, allowHalfOpen: true });
    afterwards(() => void socket.destroy());
    await once(socket, "connect");
    if (how === "does not go") socket.resume().write('{"do":"status"}\n');
  }
  const ask = () => askAgent(path, { do: "status" }, AbortSignal.timeout(60_000));
  await until(async () => (await ask()).kind === "done");
});
