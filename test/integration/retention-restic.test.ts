/**
 * Where snapshots came in the order of their times, we forget what `restic forget` would. A backup
 * for each of hundreds of times would take minutes; so their files are sealed here, with the key
 * that restic shows to who has the passphrase.
 */
import { execFile } from "node:child_process";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createRandom, type Random } from "../../src/kernel/index.ts";
import type { ArrivedSnapshot } from "../../src/vault/retain/arrived-snapshot.ts";
import type { KeepPolicy } from "../../src/vault/retain/keep-rules.ts";
import { planForgetting } from "../../src/vault/retain/plan-forgetting.ts";
import { temporaryFolder } from "../afterwards.ts";

const run = promisify(execFile);
const hour = 3_600_000;
const day = 24 * hour;
const snapshotCount = 400;

const policies: readonly KeepPolicy[] = [
  { last: 24, hourly: 48, daily: 30, weekly: 12, monthly: 24 },
  { hourly: 7 },
  { daily: 400 },
  { weekly: 60 },
  { monthly: 13, yearly: 4 },
  { yearly: 2 },
  { last: 1 },
  { withinMs: 45 * day },
  { last: 3, weekly: 5, withinMs: 3 * day },
];

it("forgets what restic would, rule by rule and together", { timeout: 240_000 }, async () => {
  const repository = await repositoryWith(times(createRandom(20_261_122)));
  const snapshots = await repository.snapshots();
  expect(snapshots).toHaveLength(snapshotCount);
  const newest = snapshots.at(-1)?.arrival;
  if (newest === undefined) throw new Error("there are no snapshots");
  for (const policy of policies) {
    const plan = planForgetting(snapshots, { policy, host: "box", paths: ["/srv"], now: newest });
    expect({ policy, keep: plan.keep.map(({ id }) => id) }).toEqual({
      policy,
      keep: await repository.kept(policy),
    });
    expect(plan.forget.length).toBeGreaterThan(0);
  }
});

/** Some years, with hours, days and months without any, and pairs within one hour. */
function times(random: Random): readonly Date[] {
  let at = Date.UTC(2022, 10, 20, 21, 17);
  return Array.from({ length: snapshotCount }, () => {
    const gaps = [40_000, hour / 3, hour, 7 * hour, day, 5 * day, 25 * day];
    at += Math.ceil(
      (gaps[Math.floor(random.next() * gaps.length)] ?? hour) * (0.2 + random.next()),
    );
    return new Date(at);
  });
}

interface ResticSnapshot {
  readonly id: string;
  readonly time: string;
}

interface Repository {
  snapshots(): Promise<readonly ArrivedSnapshot[]>;
  /** Ids that `restic forget` keeps, the newest first. */
  kept(policy: KeepPolicy): Promise<readonly string[]>;
}

async function repositoryWith(moments: readonly Date[]): Promise<Repository> {
  const path = join(temporaryFolder("retention"), "repository");
  const env = { PATH: process.env["PATH"] ?? "", RESTIC_PASSWORD: "for a test", TZ: "UTC" };
  const restic = async (...words: readonly string[]): Promise<string> => {
    const all = ["--no-cache", "-r", path, ...words];
    return (await run("restic", all, { env, maxBuffer: 2 ** 26 })).stdout;
  };
  await restic("init");
  const { mac, encrypt } = JSON.parse(await restic("cat", "masterkey")) as MasterKey;
  const keys = { k: bytesOf(mac.k), r: bytesOf(mac.r), encrypt: bytesOf(encrypt) };
  mkdirSync(join(path, "snapshots"), { recursive: true });
  for (const time of moments) {
    const snapshot = { time: time.toISOString(), tree: "0".repeat(64), paths: ["/srv"] };
    const content = Buffer.from(JSON.stringify({ ...snapshot, hostname: "box" }));
    const sealed = seal(content, keys);
    writeFileSync(join(path, "snapshots", sha256(sealed)), sealed);
  }
  return {
    snapshots: async () => {
      const all = JSON.parse(await restic("snapshots", "--json")) as readonly ResticSnapshot[];
      return all
        .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
        .map(({ id, time }, index) => arrivedAt(id, Date.parse(time), index + 1));
    },
    kept: async (policy) => {
      const json = await restic("forget", "--dry-run", "--json", ...flagsOf(policy));
      const [group] = JSON.parse(json) as readonly { readonly keep: readonly ResticSnapshot[] }[];
      return (group?.keep ?? [])
        .toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time))
        .map(({ id }) => id);
    },
  };
}

function arrivedAt(id: string, at: number, sequence: number): ArrivedSnapshot {
  const arrival = { sequence, at, uptimeMs: at, bootId: "one", utcOffsetMinutes: 0 };
  const marks = { isSuspect: false, isComplete: true, isVerified: false };
  return { id, host: "box", paths: ["/srv"], arrival, ...marks };
}

function flagsOf({ withinMs, ...counts }: KeepPolicy): readonly string[] {
  const flags = Object.entries(counts).map(([rule, count]) => `--keep-${rule}=${count}`);
  return withinMs === undefined ? flags : [...flags, `--keep-within=${withinMs / day}d`];
}

interface MasterKey {
  readonly mac: { readonly k: string; readonly r: string };
  readonly encrypt: string;
}

interface Keys {
  readonly k: Buffer;
  readonly r: Buffer;
  readonly encrypt: Buffer;
}

/** As the format has it: nonce, AES-256-CTR, and Poly1305 under AES-128 of the nonce. */
function seal(content: Buffer, { k, r, encrypt }: Keys): Buffer {
  const nonce = randomBytes(16);
  const hidden = createCipheriv("aes-256-ctr", encrypt, nonce).update(content);
  const s = createCipheriv("aes-128-ecb", k, null).setAutoPadding(false).update(nonce);
  return Buffer.concat([nonce, hidden, poly1305(r, s, hidden)]);
}

/** Word for word as in RFC 8439, 2.5.1: slow, and enough for a few hundred bytes. */
function poly1305(r: Buffer, s: Buffer, message: Buffer): Buffer {
  const prime = (1n << 130n) - 5n;
  const clamped = numberOf(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let start = 0; start < message.length; start += 16) {
    const block = Buffer.concat([message.subarray(start, start + 16), Buffer.from([1])]);
    sum = ((sum + numberOf(block)) * clamped) % prime;
  }
  const tag = (sum + numberOf(s)) & ((1n << 128n) - 1n);
  return Buffer.from(Buffer.from(tag.toString(16).padStart(32, "0"), "hex").toReversed());
}

function numberOf(littleEndian: Buffer): bigint {
  return BigInt(`0x${Buffer.from(littleEndian.toReversed()).toString("hex")}`);
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64");
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
