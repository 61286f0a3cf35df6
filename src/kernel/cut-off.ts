/**
 * At most `length` characters of a text for people, and `...` where it was cut off: who masks
 * secrets later looks for half a one there. A mask (`***`) at the end stays whole.
 */
export function cutOff(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).replace(/(?<!\*)\*{1,2}$/, "***")}...`;
}
