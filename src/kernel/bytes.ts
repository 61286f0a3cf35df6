/**
 * Sizes as people write them: `512MB`, `64 KiB`, `1.5GiB`; a bare number is bytes. Both MB and MiB
 * mean 1,048,576 bytes, as the kernel's own limits do.
 */
const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Bytes, or undefined when `text` is not a size. */
export function parseBytes(text: string | number): number | undefined {
  if (typeof text === "number") return Number.isFinite(text) && text >= 0 ? text : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim());
  if (!match) return undefined;
  return parseBytes(Math.round(Number(match[1]) * (units[(match[2] ?? "").toLowerCase()] ?? 1)));
}

/** For people: `0 B`, `64 KiB`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (Math.abs(value) < 1024) {
      return `${unit === "B" || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${unit}`;
    }
    value /= 1024;
  }
  return `${Number(value.toFixed(1))} TiB`;
}
