/** Dates of HTTP headers (`Sun, 06 Nov 1994 08:49:37 GMT`), without the platform's own clock. */
const months = "janfebmaraprmayjunjulaugsepoctnovdec";
const form = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/;
const dayMs = 86_400_000;

/** Milliseconds since the epoch; undefined for anything but the one form that may be sent. */
export function parseHttpDateMs(text: string): number | undefined {
  const match = form.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const [day, year, hour, minute, second] = [1, 3, 4, 5, 6].map((group) => Number(match[group]));
  const month = months.indexOf(match[2] as string);
  if (month < 0 || month % 3 !== 0) return undefined;
  const days = daysSinceEpoch(year as number, month / 3 + 1, day as number);
  const seconds = (hour as number) * 3600 + (minute as number) * 60 + (second as number);
  return days * dayMs + seconds * 1000;
}

/** Howard Hinnant's `days_from_civil`: years begin in March, so that leap days come last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}
