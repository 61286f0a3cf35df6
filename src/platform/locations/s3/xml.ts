/**
 * The few elements of S3's answers that matter here. They are flat, without attributes, and hold
 * nothing but text, so a parser of all of XML would be more than is needed, and a larger risk.
 */
const entities: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

/** The text of the first element of this name, or undefined. */
export function textOfElement(xml: string, name: string): string | undefined {
  const [written] = contentsOf(xml, name);
  return written === undefined ? undefined : plainText(written);
}

/** What stands in each element of this name, one after another, as it is written. */
export function* contentsOf(xml: string, name: string): Generator<string, undefined> {
  const [begin, end] = [`<${name}>`, `</${name}>`];
  let at = xml.indexOf(begin);
  while (at >= 0) {
    const from = at + begin.length;
    const to = xml.indexOf(end, from);
    if (to < 0) return;
    yield xml.slice(from, to);
    at = xml.indexOf(begin, to);
  }
}

function plainText(written: string): string {
  return written.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (all, ...found) => {
    const [decimal, hexadecimal, name] = found as (string | undefined)[];
    if (name !== undefined) return entities[name] ?? all;
    const point = decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
}
