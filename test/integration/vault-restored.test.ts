/**
 * `soulmirror vault restore --proof`: what was restored is proven offline, whoever held the trail.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAuditTrail, openProofKey } from "../../src/platform/vault-proof/index.ts";
import { afterwards } from "../afterwards.ts";
import { initVault, openVaultBench, writeVaultFleet } from "./cli-vault-bench.ts";

test("a restore has a report that is verified offline, also when the trail was held", async () => {
  const bench = await openVaultBench();
  afterwards(() => bench[Symbol.asyncDispose]());
  await writeVaultFleet(bench);
  await initVault(bench);
  expect(await bench.run("vault", "backup")).toMatchObject({ code: 0 });
  const folder = bench.path(".soulmirror/vault/treasure");
  const { signer } = await openProofKey(folder);
  const trail = await openAuditTrail({ folder, signer, now: Date.now });
  afterwards(() => trail[Symbol.asyncDispose]());
  const restored = await bench.run("vault", "restore", "--target", bench.path("own"), "--proof");
  expect(restored).toMatchObject({ code: 0, out: expect.stringContaining("2 files") as string });
  expect((await bench.run("vault", "proof")).out).toContain("wait for their place in the trail: 1");
  await trail.append("backup", {});
  await trail[Symbol.asyncDispose]();

  const [report = ""] = readdirSync(join(folder, "restores"));
  const proof = await bench.run("vault", "proof");
  expect(proof).toMatchObject({ code: 0 });
  expect(proof.out).toContain(`${report}: 2 files`);
  const path = join(folder, "restores", report);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(`"path":"${bench.path("source/a/one.txt")}"`);
  for (const [from, to] of [
    ["one.txt", "One.txt"],
    [`"kind":"end"`, `"kind":"fin"`],
  ] as const) {
    writeFileSync(path, text.replace(from, to));
    expect(await bench.run("vault", "proof")).toMatchObject({ code: 4 });
  }
}, 300_000);
