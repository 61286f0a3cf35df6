/**
 * Lines of logs, and of what commands print, stand in sentences that many may read: reasons,
 * titles, verdicts. They are quoted between two characters that nobody sees and that stay with them
 * wherever the sentence goes, so that who may not read logs gets the sentence without them.
 *
 * Q1. What is quoted cannot end its own quotation.
 * Q2. A quotation that was cut off ends with the text.
 */
const begin = "\u2068";
const end = "\u2069";
const quotation = new RegExp(`${begin}[^${end}]*(?:${end}|$)`, "g");

/** Marks what was taken from a log, or was printed by a command. */
export function quote(text: string): string {
  return `${begin}${text.replaceAll(begin, "").replaceAll(end, "")}${end}`;
}

/** `text` with something else in place of each quotation. */
export function replaceQuotes(text: string, hint: string): string {
  return text.includes(begin) ? text.replace(quotation, hint) : text;
}
