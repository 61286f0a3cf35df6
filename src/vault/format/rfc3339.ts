/** Times with nanoseconds as Go writes them into JSON: RFC 3339, zeros at the end left out. */
import { dayOfDate, formatUtcSecond } from "../../kernel/index.ts";
import { Damage } from "./damage.ts";

const million = 1_000_000n;
const shape =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
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

/** Nanoseconds since the Unix epoch. @throws Damage */
export function parseTime(text: string): bigint {
  const [whole, ...parts] = shape.exec(text) ?? [];
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(0, 6)
    .map(Number);
  const [fraction = "", sign = "+", zoneHours = 0, zoneMinutes = 0] = parts.slice(6);
  const dayNumber = dayOfDate({ year, month, day });
  if (
    whole === undefined ||
    dayNumber === undefined ||
    hours > 23 ||
    minutes > 59 ||
    seconds > 59
  ) {
    throw new Damage(`${JSON.stringify(text)} is not a time`);
  }
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === "-" ? -60 : 60);
  const total = dayNumber * 86_400 + hours * 3600 + minutes * 60 + seconds - zone;
  return BigInt(total) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}
