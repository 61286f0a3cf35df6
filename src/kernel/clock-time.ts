/** The time of day of a wall clock, for people: `14:03:20 UTC`. */
export function formatClockTime(wallMs: number): string {
  const dayMs = 86_400_000;
  const seconds = Math.floor((((wallMs % dayMs) + dayMs) % dayMs) / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${parts.map((part) => String(part).padStart(2, "0")).join(":")} UTC`;
}
