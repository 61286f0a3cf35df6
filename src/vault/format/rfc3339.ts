/** Times with nanoseconds as Go writes them into JSON: RFC 3339, zeros at the end left out. */
import { dayOfDate, formatUtcSecond } from "../../kernel/index.ts";
import { Damage } from "./damage.ts";

const million = 1_000_000n;
/** Where the digits behind the point begin. */
const fractionAt = 20;
const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

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
  const seconds = formatUtcSecond(milliseconds);
  const inSecond = ((milliseconds % 1000) + 1000) % 1000;
  const fraction = String(inSecond).padStart(3, "0") + String(rest).padStart(6, "0");
  const trimmed = fraction.replace(/0+$/, "");
  return trimmed === "" ? `${seconds}Z` : `${seconds}.${trimmed}Z`;
}

/**
 * Nanoseconds since the Unix epoch. A tree has two times a file, so the digits are read in place.
 *
 * @throws Damage
 */
export function parseTime(text: string): bigint {
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hours, minutes, seconds] = [
    digits(text, 11, 13),
    digits(text, 14, 16),
    digits(text, 17, 19),
  ];
  const dayNumber = shape.test(text) ? dayOfDate({ year, month, day }) : undefined;
  if (dayNumber === undefined || hours > 23 || minutes > 59 || seconds > 59) {
    throw new Damage(`${JSON.stringify(text)} is not a time`);
  }
  const end = text.length - (text.endsWith("Z") ? 1 : 6);
  const nanoseconds = digits(text, fractionAt, end) * 10 ** (9 - Math.max(0, end - fractionAt));
  const zone = zoneSeconds(text, end);
  const total = dayNumber * 86_400 + hours * 3600 + minutes * 60 + seconds - zone;
  return BigInt(total) * 1_000_000_000n + BigInt(nanoseconds);
}

/** East of Greenwich. */
function zoneSeconds(text: string, at: number): number {
  if (text.endsWith("Z")) return 0;
  const seconds = (digits(text, at + 1, at + 3) * 60 + digits(text, at + 4, at + 6)) * 60;
  return text[at] === "-" ? -seconds : seconds;
}

function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) number = number * 10 + text.charCodeAt(at) - 48;
  return number;
}
