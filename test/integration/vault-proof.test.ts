/** The files of a vault's proof: killed, full, torn, held, edited. */
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import {
  checkProof,
  leaveEntry,
  openAuditTrail,
  openProofKey,
  publicKeyIn,
  writeReport,
} from "../../src/platform/vault-proof/index.ts";
import { drill } from "../../src/vault/proof/proof-bench.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";

const writer = fileURLToPath(new URL("audit-writer.ts", import.meta.url));

async function opened(folder: string) {
  const { signer } = await openProofKey(folder);
  return { signer, trail: await openAuditTrail({ folder, signer, now: Date.now }) };
}

async function checked(folder: string) {
  const key = publicKeyIn(readFileSync(join(folder, "vault-proof.pub"), "utf8")) ?? "";
  return await checkProof(folder, key);
}

it("T1, T2: what was confirmed outlives kill -9 at any moment", { timeout: 120_000 }, async () => {
  const folder = temporaryFolder("proof-kill");
  let confirmed = 0;
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, [writer, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    afterwards(() => child.kill("SIGKILL"));
    let said = "";
    const first = new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await first;
    await pause(round * 17);
    const gone = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await gone;
    confirmed = Math.max(confirmed, ...said.split("\n").slice(0, -1).map(Number));
    const { isWhole, trail } = await checked(folder);
    expect({ isWhole, finding: trail.finding }).toEqual({ isWhole: true, finding: undefined });
    expect(trail.proven).toBeGreaterThanOrEqual(confirmed);
  }
  expect(confirmed).toBeGreaterThan(6);
});

it("T3: a full disk is told, and the trail goes on when there is room", async () => {
  const folder = temporaryFolder("proof-full");
  const words = ["--fsize=3000", process.execPath, writer, folder];
  const { stdout } = spawnSync("prlimit", words, { encoding: "utf8" });
  expect(stdout).toContain("cannot be written");
  const whole = Number(stdout.split("\n").at(-3));
  expect(whole).toBeGreaterThan(2);
  expect((await checked(folder)).trail).toMatchObject({ proven: whole, tornBytes: 0 });
  await using trail = (await opened(folder)).trail;
  expect((await trail.append("backup", {})).sequence).toBe(whole + 1);
  expect((await checked(folder)).isWhole).toBe(true);
});

it("T2: a torn line is taken away, and told", async () => {
  const folder = temporaryFolder("proof-torn");
  const first = await opened(folder);
  await first.trail.append("backup", {});
  await first.trail[Symbol.asyncDispose]();
  appendFileSync(join(folder, "audit.jsonl"), '{"at":1');
  expect(await checked(folder)).toMatchObject({ isWhole: true, trail: { tornBytes: 7 } });
  await using trail = (await opened(folder)).trail;
  expect(trail.end.sequence).toBe(2);
  expect(readFileSync(join(folder, "audit.jsonl"), "utf8")).toContain(
    '"facts":{"sizeBytes":7},"kind":"torn"',
  );
  expect((await checked(folder)).trail).toMatchObject({ proven: 2, tornBytes: 0 });
});

it("T4: one process writes", async () => {
  const folder = temporaryFolder("proof-held");
  await using trail = (await opened(folder)).trail;
  const { stderr } = spawnSync(process.execPath, [writer, folder], { encoding: "utf8" });
  expect(stderr).toContain(`pid ${process.pid} holds`);
  expect((await trail.append("backup", {})).sequence).toBe(1);
});

it("T5: an end that was cut off is found, and told when the trail goes on", async () => {
  const folder = temporaryFolder("proof-cut");
  const path = join(folder, "audit.jsonl");
  const first = await opened(folder);
  await first.trail.append("backup", {});
  const { size } = statSync(path);
  await first.trail.append("pruned", {});
  await first.trail[Symbol.asyncDispose]();
  truncateSync(path, size);
  expect((await checked(folder)).trail.finding).toMatchObject({ kind: "truncated", line: 2 });
  await using trail = (await opened(folder)).trail;
  expect(trail.end.sequence).toBe(2);
  expect((await checked(folder)).trail).toMatchObject({
    proven: 2,
    cuts: [{ line: 2, lostSequence: 2 }],
  });
  expect((await checked(folder)).isWhole).toBe(false);
});

it("T6: what was left by others is taken in once, and only when it is signed", async () => {
  const folder = temporaryFolder("proof-left");
  const { signer, trail } = await opened(folder);
  const leave = (at: number): Promise<void> =>
    leaveEntry(folder, { at, kind: "restored", facts: { at } }, signer);
  await leave(1000);
  expect(await checked(folder)).toMatchObject({ isWhole: true, waiting: 1, trail: { proven: 0 } });
  await trail.append("backup", {});
  await leave(2000);
  const notes = join(folder, "audit.waiting");
  const [left = ""] = readdirSync(notes);
  const text = readFileSync(join(notes, left), "utf8");
  await trail[Symbol.asyncDispose]();
  expect(await checked(folder)).toMatchObject({ waiting: 1, trail: { proven: 2 } });
  await (await opened(folder)).trail[Symbol.asyncDispose]();
  expect(await checked(folder)).toMatchObject({ waiting: 0, trail: { proven: 3 } });
  expect(readFileSync(join(folder, "audit.jsonl"), "utf8")).toContain('"notedAt":2000');

  // A kill behind the entry and before the note was gone.
  writeFileSync(join(notes, left), text);
  await (await opened(folder)).trail[Symbol.asyncDispose]();
  expect(await checked(folder)).toMatchObject({ waiting: 0, trail: { proven: 3 } });
  expect(readdirSync(notes)).toEqual([]);

  writeFileSync(join(notes, left), text.replace('"at":2000', '"at":2001'));
  await (await opened(folder)).trail[Symbol.asyncDispose]();
  expect(await checked(folder)).toMatchObject({
    isWhole: false,
    reports: [{ kind: "edited", name: left }],
    trail: { proven: 3 },
  });
});

it("does not go on with a trail that was edited", async () => {
  const folder = temporaryFolder("proof-edited");
  const path = join(folder, "audit.jsonl");
  const first = await opened(folder);
  await first.trail.append("backup", { files: 1 });
  await first.trail.append("backup", { files: 2 });
  await first.trail[Symbol.asyncDispose]();
  writeFileSync(path, readFileSync(path, "utf8").replace('"files":1', '"files":9'));
  await expect(opened(folder)).rejects.toMatchObject({ code: "AUDIT_BROKEN" });
});

it("drills are proven with the public key alone, and openssl reads it", async () => {
  const folder = temporaryFolder("proof-drill");
  const { signer, trail } = await opened(folder);
  const { trail: _trail, ...report } = drill();
  const written = await writeReport({ folder, signer, trail }, report);
  await writeReport({ folder, signer, trail }, { ...report, differing: 1 });
  await trail[Symbol.asyncDispose]();
  expect(statSync(join(folder, "vault-proof.key")).mode & 0o777).toBe(0o600);
  rmSync(join(folder, "vault-proof.key"));
  const { isWhole, lastProven } = await checked(folder);
  expect(isWhole).toBe(true);
  expect(lastProven.map(({ source, name }) => [source, name])).toEqual([
    ["/srv/a", written.name],
    ["/srv/b", written.name],
  ]);
  const words = ["pkey", "-pubin", "-in", join(folder, "vault-proof.pub"), "-noout", "-text"];
  const { stdout } = spawnSync("openssl", words, { encoding: "utf8" });
  expect(stdout).toContain("ED25519");
  rmSync(join(folder, "drills", written.name));
  expect((await checked(folder)).reports).toMatchObject([{ kind: "missing" }]);
});

it("the key stays the same, and is closed to others again", async () => {
  const folder = temporaryFolder("proof-key");
  const first = await openProofKey(folder);
  const second = await openProofKey(folder);
  expect([first.isNew, second.isNew]).toEqual([true, false]);
  expect(second.signer.publicKey).toBe(first.signer.publicKey);
  expect(publicKeyIn(first.publicPem)).toBe(first.signer.publicKey);
  expect(publicKeyIn(first.signer.publicKey)).toBe(first.signer.publicKey);
  writeFileSync(join(folder, "vault-proof.key"), "nothing");
  await expect(openProofKey(folder)).rejects.toMatchObject({ code: "DATA_DIRECTORY_UNUSABLE" });
});
