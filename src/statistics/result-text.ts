/**
 * What a text says that nobody meant to say: a value that was not there when the text was put
 * together (`/users/undefined`, `[object Object]`), or an error that was handed on as an answer.
 * In prose the same words may be the subject, so there they prove less.
 */
const textLooked = 256;

/** A text with more words than this, as far as it was looked at, is prose. */
const wordsMax = 8;

export type TextSign = "placeholder" | "error" | "prose";

export interface TextFinding {
  readonly sign: TextSign;
  /** The words that were found, never what stands around them. */
  readonly found: string;
  readonly position: number;
}

const suspicious =
  /(?<![A-Za-z])(?:undefined|NaN|\[object [A-Z]\w*\])(?![A-Za-z])|[/=](?:null)(?=$|[/&?#])|\bE(?:NOENT|ACCES|PERM|MFILE|ISDIR|NOTDIR|NOSPC|CONNREFUSED|CONNRESET|TIMEDOUT|HOSTUNREACH|ADDRINUSE|AI_AGAIN)\b/;

const wholePlaceholder = /^\s*(?:undefined|null|NaN|\[object [A-Z]\w*\])\s*$/;

const errorStart =
  /^\s*(?:(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)\b *[:[(]|Traceback \(|(?:[45]\d\d )?(?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)|<html>\s*<head>\s*<title>\s*[45]\d\d\b|\{"error":\s*(?:"[^"]|\{))/;

/** Undefined for a text that says nothing of the kind in its first 256 characters. */
export function textFinding(text: string): TextFinding | undefined {
  const looked = text.length > textLooked ? text.slice(0, textLooked) : text;
  const start = errorStart.exec(looked);
  if (start) return { sign: "error", found: start[0].trim(), position: start.index };
  const whole = wholePlaceholder.exec(looked);
  if (whole) return { sign: "placeholder", found: whole[0].trim(), position: 0 };
  const found = suspicious.exec(looked);
  if (!found) return undefined;
  return { sign: signOf(looked, found[0]), found: found[0], position: found.index };
}

/** One pass over what every finding has somewhere: most texts are through after it. */
const maybe =
  /undefined|NaN|null|\[obj|E[A-Z]{4}|Error|Excep|Traceb|"error"|<title>|Gateway|Unavailable/;

/** The same answer as a yes or no, for texts short enough to be looked at on every call. */
export function isSuspiciousText(text: string): boolean {
  return maybe.test(text) && textFinding(text) !== undefined;
}

function signOf(looked: string, found: string): TextSign {
  if (isProse(looked)) return "prose";
  return /^E[A-Z]/.test(found) ? "error" : "placeholder";
}

function isProse(text: string): boolean {
  let words = 1;
  for (let index = text.indexOf(" "); index >= 0; index = text.indexOf(" ", index + 1)) {
    words += 1;
    if (words > wordsMax) return true;
  }
  return false;
}
