/**
 * `npm run bench:kernels`: how fast the vault's computations are, each beside SHA-256 of Node in
 * the same moment, for a busy or throttled machine slows both. Counted is the processor time of
 * this process, not the time on the clock; each figure is the best of several rounds.
 */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { createKernels } from "../src/platform/kernels/index.ts";
import { createSealer } from "../src/vault/format/seal.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(values.rounds);

const mebibyte = 1024 * 1024;
const kernels = createKernels();
const keys = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
const sealer = createSealer(keys, kernels);
const nonce = randomBytes(16);
const polynomial = 0x3da3358b4dc173n;

/** The result of some work, so that none of it can be left out. */
let sink = 0;

interface Figure {
  readonly name: string;
  readonly bytes: number;
  /** So often in one round. */
  readonly times: number;
  readonly work: () => Uint8Array | number;
}

function processorMs(figure: Figure): number {
  const before = process.cpuUsage();
  for (let time = 0; time < figure.times; time++) {
    const result = figure.work();
    sink += typeof result === "number" ? result : (result[0] ?? 0);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const big = randomBytes(mebibyte);
const file = randomBytes(48 * mebibyte);

const sha: Figure = {
  name: "sha256, 1 MiB",
  bytes: mebibyte,
  times: 24,
  work: () => createHash("sha256").update(big).digest(),
};

/** @param minBytes of a chunk; with the window itself, every byte is rolled over */
function cut(minBytes: number): number {
  const cutter = kernels.createCutter({ polynomial, minBytes });
  let cuts = 0;
  for (let rest: Uint8Array = file; ; cuts++) {
    const end = cutter.next(rest);
    if (end === -1) return cuts;
    rest = rest.subarray(end);
  }
}

function small(bytes: number): Figure[] {
  const text = randomBytes(bytes);
  const target = new Uint8Array(bytes + 32);
  const sealed = sealer.seal(text, nonce);
  const times = 1500;
  return [
    {
      name: `seal, ${bytes} B`,
      bytes,
      times,
      work: () => sealer.sealInto(text, nonce, { bytes: target, offset: 0 }),
    },
    {
      name: `open, ${bytes} B`,
      bytes,
      times,
      work: () => sealer.open(sealed) ?? 0,
    },
    {
      name: `a cipher and its use, ${bytes} B`,
      bytes,
      times,
      work: () => createCipheriv("aes-256-ctr", keys.encrypt, nonce).update(text),
    },
    {
      name: `poly1305, ${bytes} B`,
      bytes,
      times,
      work: () => kernels.poly1305(nonce, nonce, text),
    },
  ];
}

const figures: readonly Figure[] = [
  {
    name: "poly1305, 1 MiB",
    bytes: mebibyte,
    times: 48,
    work: () => kernels.poly1305(nonce, nonce, big),
  },
  { name: "cutter, 48 MiB", bytes: file.length, times: 1, work: () => cut(512 * 1024) },
  { name: "cutter, every byte", bytes: file.length, times: 1, work: () => cut(64) },
  { name: "seal, 1 MiB", bytes: mebibyte, times: 24, work: () => sealer.seal(big, nonce) },
  ...[300, 1024, 4096, 8192, 32_768, 65_536].flatMap(small),
];

console.log("work | MB/s | us each | times sha256 (1 MiB)");
for (const figure of figures) {
  let best = Number.POSITIVE_INFINITY;
  let ratio = 0;
  for (let round = 0; round < rounds; round++) {
    const ms = processorMs(figure) / figure.times;
    const shaMs = processorMs(sha) / sha.times;
    best = Math.min(best, ms);
    // Both in the same moment; the middle of all would do as well, the best says what is possible.
    ratio = Math.max(ratio, figure.bytes / ms / (sha.bytes / shaMs));
  }
  const megabytes = (figure.bytes / best / 1000).toFixed(0);
  console.log(`${figure.name} | ${megabytes} | ${(best * 1000).toFixed(1)} | ${ratio.toFixed(2)}`);
}
if (sink === 0) console.log("nothing was done");
