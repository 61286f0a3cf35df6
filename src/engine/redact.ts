/**
 * Takes out of a text what looks like a secret: whoever may ask for health, or reads telemetry, may
 * not learn passwords from the error of a driver. It errs on the side of taking too much.
 */
const lengthMax = 500;

const rules: readonly (readonly [RegExp, string])[] = [
  // postgres://user:password@host, and user@host.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, "$1***@"],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, "$1 ***"],
  [/\b(sk|pk|rk|ghp|gho|xox[abp])[-_][\w-]{8,}/g, "***"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "***"],
  [
    /\b(pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|authorization|auth)\b(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&}]+)/gi,
    "$1$2***",
  ],
];

export function redact(text: string): string {
  const short = text.length > lengthMax ? `${text.slice(0, lengthMax)}...` : text;
  return rules.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), short);
}
