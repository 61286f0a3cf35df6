/**
 * Durations as people write them: `500ms`, `30s`, `1m30s`, `2h`, `7d`; a bare number is
 * milliseconds.
 */
const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const part = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/gy;

/** Milliseconds, or undefined when `text` is not a duration. */
export function parseDurationMs(text: string | number): number | undefined {
  if (typeof text === "number") return Number.isFinite(text) && text >= 0 ? text : undefined;
  const trimmed = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return parseDurationMs(Number(trimmed));
  part.lastIndex = 0;
  let totalMs = 0;
  let end = 0;
  for (let match = part.exec(trimmed); match; match = part.exec(trimmed)) {
    totalMs += Number(match[1]) * (unitsMs[match[2] ?? ""] ?? 0);
    end = part.lastIndex;
    while (trimmed[end] === " ") end += 1;
    part.lastIndex = end;
  }
  const isWhole = trimmed.length > 0 && end === trimmed.length;
  return isWhole && Number.isFinite(totalMs) ? totalMs : undefined;
}

/** Two units at most, for people: `38 ms`, `2.1 s`, `1 m 30 s`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "for ever";
  const sign = ms < 0 ? "-" : "";
  const size = Math.abs(ms);
  if (size < 1000) return `${sign}${Math.round(size)} ms`;
  if (size < 59_950) return `${sign}${(size / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  const steps: readonly (readonly [number, string, number, string])[] = [
    [86_400_000, "d", 3_600_000, "h"],
    [3_600_000, "h", 60_000, "m"],
    [60_000, "m", 1000, "s"],
  ];
  for (const [bigMs, big, smallMs, small] of steps) {
    const rounded = Math.round(size / smallMs) * smallMs;
    if (rounded < bigMs) continue;
    const whole = Math.floor(rounded / bigMs);
    const rest = Math.round((rounded - whole * bigMs) / smallMs);
    return rest > 0 ? `${sign}${whole} ${big} ${rest} ${small}` : `${sign}${whole} ${big}`;
  }
  return `${sign}${Math.round(size)} ms`;
}

/** Milliseconds as people read them: hundredths are enough. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
