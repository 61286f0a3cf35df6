/** Times with nanoseconds as Go writes them into JSON: RFC 3339, zeros at the end left out. */
import { Damage } from "./damage.ts";

const million = 1_000_000n;
const shape = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
/** The years 0 to 9999, beyond which Go refuses to write a time. */
const earliestMs = -62_167_219_200_000;
const latestMs = 253_402_300_799_999;

/** @param nanoseconds since the Unix epoch; what the format cannot say becomes its nearest end */
export function formatTime(nanoseconds: bigint): string {
  let milliseconds = Number(nanoseconds / million);
  let rest = Number(nanoseconds % million);
  if (rest < 0) {
    rest += 1_000_000;
    milliseconds -= 1;
  }
  if (milliseconds < earliestMs) return "0000-01-01T00:00:00Z";
  if (milliseconds > latestMs) return "9999-12-31T23:59:59.999999999Z";
  const text = new Date(milliseconds).toISOString();
  const fraction = text.slice(20, 23) + String(rest).padStart(6, "0");
  const trimmed = fraction.replace(/0+$/, "");
  return trimmed === "" ? `${text.slice(0, 19)}Z` : `${text.slice(0, 19)}.${trimmed}Z`;
}

/** Nanoseconds since the Unix epoch. @throws Damage */
export function parseTime(text: string): bigint {
  const match = shape.exec(text);
  const seconds = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  if (Number.isNaN(seconds)) throw new Damage(`${JSON.stringify(text)} is not a time`);
  return BigInt(seconds) * million + BigInt((match?.[2] ?? "").padEnd(9, "0"));
}
