/**
 * Takes out of a text what looks like a secret: whoever may ask for health, or reads telemetry, may
 * not learn passwords from the error of a driver. It errs on the side of taking too much, but what
 * people say about secrets ("the token has expired") stays.
 *
 * The daemon knows the secrets of its fleet and masks those very words. Nobody has told the engine
 * any: it goes by their looks.
 */
import { cutOff } from "../kernel/index.ts";

const usualMax = 500;
/** So much more is read before anything is cut off: half a secret is no longer known as one. */
const beyond = 3500;

/** Whoever writes `password: missing` tells no secret. */
const plainWord =
  /(?!(?:expired|invalid|missing|malformed|required|undefined|null|none|not|is|was|in|must|cannot|wrong|unknown|no|true|false|empty|denied|failed|revoked|rejected)(?=[\s,;.:)}\]"']|$))/
    .source;
const between = /(\\?["']?\s{0,5}(?:[=:]>?|%3[ad])\s{0,5})/.source;
const value = /(?:\\"[^"]*(?:"|$)|"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|[^\s,;&}]+)/
  .source;

/** They may stand within longer ones: `PGPASSWORD`, `client_secret`, `secret_access_key`. */
const longNames =
  "password|passwd|passphrase|secret|token|api[-_ ]?key(?: provided)?|(?:access|secret|private|account|encryption|signing|shared)[-_ ]?(?:access[-_ ]?)?key|authorization|sess(?:ion)?[-_]?id|x-amz-signature";
/** These are parts of ordinary words. */
const shortNames = "(?<![a-z])(?:pass|pwd|auth|cookie|sid)";

const rules: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}-----|$)/g, "***"],
  // postgres://user:password@host, whatever is in the password; a port is none.
  [
    /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#@:]*:(?!\d{1,5}(?:[/?#]|$))(?:(?!:\/\/)[^\s"<>])*@/gi,
    "$1***@",
  ],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]*@/gi, "$1***@"],
  [
    /(authorization\\?["']?\s{0,5}[:=]\s{0,5}\\?["']?)(?:bearer|basic|digest|token|apikey|negotiate)\s+[^\s"',;]+/gi,
    "$1***",
  ],
  [
    /\b([Bb]earer|[Bb]asic|BEARER|BASIC)\s+(?!(?:Auth\w*|Token|Realm)\b)(?=[a-z]*[A-Z0-9_~+/=-]|[a-z]+\.\w|[a-z]{16})[\w.~+/=-]+/g,
    "$1 ***",
  ],
  [
    /(?<![a-z])((?:set-)?cookie\\?["']?\s{0,5}[:=]\s{0,5}\\?["']?)[^\s;,="']+=[^\s;,"']*(?:;\s?[^\s;,="']+=[^\s;,"']*)*/gi,
    "$1***",
  ],
  [
    /(?<![A-Za-z0-9])(?:sk-[\w-]{8,}|[srp]k_(?:live|test)_\w{8,}|gh[opsur]_\w{8,}|github_pat_\w{8,}|glpat-[\w-]{8,}|xox[a-z]-[\w-]{8,}|whsec_\w{8,}|npm_\w{30,}|hf_\w{20,}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,})/g,
    "***",
  ],
  [/(?<![A-Za-z0-9])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, "***"],
  [/([?&](?:sig|signature|key)=)[^\s&"'#]+/gi, "$1***"],
  [/(--[a-z-]{0,30}(?:password|passwd|token|secret|api-key))\s+(?!-)[^\s"']+/gi, "$1 ***"],
  [new RegExp(`(${longNames}|${shortNames})${between}${plainWord}${value}`, "gi"), "$1$2***"],
  // `dbPass`, where it is known by its capital letter.
  [new RegExp(`((?<=[a-z0-9])(?:Pass|Pwd|Auth))${between}${plainWord}${value}`, "g"), "$1$2***"],
];

/** At most `max` characters of `text`. */
export function redact(text: string, max: number = usualMax): string {
  const readMax = max + beyond;
  const isLong = text.length > readMax;
  // The last word may be half a secret.
  const read = isLong ? `${text.slice(0, readMax).replace(/\S{0,200}$/, "")}...` : text;
  return cutOff(
    rules.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), read),
    max,
  );
}
