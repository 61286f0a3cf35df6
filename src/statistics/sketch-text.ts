/**
 * A sketch as text, one character per byte, so that thousands of closed sketches cost little more
 * than their bytes. Integers are written in groups of seven bits, keys as the distance from the key
 * before.
 *
 * 1. Reading what was written gives the same bins; moments and extremes are rounded to 32 bits.
 * 2. Reading anything else gives undefined, never a sketch that breaks later.
 */
import { bitsMax } from "./sketch-key.ts";

export interface SketchParts {
  readonly bits: number;
  /** How many entries of `keys` and `counts` are in use. */
  readonly size: number;
  readonly keys: Uint32Array<ArrayBuffer>;
  readonly counts: Uint32Array<ArrayBuffer>;
  readonly count: number;
  readonly mean: number;
  readonly stdDev: number;
  readonly min: number;
  readonly max: number;
}

const floats = new Float32Array(4);
const floatBytes = new Uint8Array(floats.buffer);
const largestFloat = 3.4028234663852886e38;

export function writeSketch(parts: SketchParts): string {
  const bytes: number[] = [parts.bits];
  writeInteger(bytes, parts.size);
  let before = 0;
  for (let index = 0; index < parts.size; index += 1) {
    const key = parts.keys[index] as number;
    writeInteger(bytes, key - before);
    writeInteger(bytes, parts.counts[index] as number);
    before = key;
  }
  floats.set([parts.mean, parts.stdDev, parts.min, parts.max].map(toFloatRange));
  if (parts.size > 0) bytes.push(...floatBytes);
  let text = "";
  for (let from = 0; from < bytes.length; from += 4096) {
    text += String.fromCharCode(...bytes.slice(from, from + 4096));
  }
  return text;
}

export function readSketch(text: string): SketchParts | undefined {
  const cursor = { text, place: 1 };
  const bits = text.charCodeAt(0);
  const size = readInteger(cursor);
  if (!(bits <= bitsMax) || size === undefined || size > text.length) return undefined;
  const keys = new Uint32Array(Math.max(4, size));
  const counts = new Uint32Array(Math.max(4, size));
  let key = 0;
  let count = 0;
  for (let index = 0; index < size; index += 1) {
    const step = readInteger(cursor);
    const times = readInteger(cursor);
    if (step === undefined || times === undefined || step === 0 || times === 0) return undefined;
    key += step;
    count += times;
    keys[index] = key;
    counts[index] = times;
  }
  const moments = readMoments(cursor, size);
  return moments && { bits, size, keys, counts, count, ...moments };
}

interface Cursor {
  readonly text: string;
  place: number;
}

function readMoments({ text, place }: Cursor, size: number) {
  if (text.length !== place + (size > 0 ? floatBytes.length : 0)) return undefined;
  if (size === 0) {
    return { mean: 0, stdDev: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  }
  for (let index = 0; index < floatBytes.length; index += 1) {
    floatBytes[index] = text.charCodeAt(place + index);
  }
  const [mean = 0, stdDev = 0, min = 0, max = 0] = floats;
  return floats.every(Number.isFinite) && min <= max && stdDev >= 0
    ? { mean, stdDev, min, max }
    : undefined;
}

function toFloatRange(value: number): number {
  return Math.max(-largestFloat, Math.min(largestFloat, value));
}

function writeInteger(bytes: number[], value: number): void {
  let left = value;
  for (; left >= 0x80; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  bytes.push(left);
}

function readInteger(cursor: Cursor): number | undefined {
  let value = 0;
  for (let shift = 0; shift < 32; shift += 7) {
    const byte = cursor.text.charCodeAt(cursor.place);
    if (!(byte <= 0xff)) return undefined;
    cursor.place += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  return undefined;
}
