/**
 * Reads the text formats of Prometheus and OpenMetrics: what a sensor needs of them, which are the
 * names, labels and values. Comments, types, timestamps and exemplars are passed over.
 *
 * 1. It never throws. A line that is none is counted in `badLines` and left out.
 * 2. It is bounded: at most `seriesMax` series are kept, and `isCut` says that there were more.
 * 3. With `names`, lines of other series cost a search for their end and nothing else.
 */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be infinite or not a number, as the format allows. */
  readonly value: number;
}

export interface ParsedText {
  readonly series: readonly Series[];
  readonly badLines: number;
  readonly isCut: boolean;
}

export interface ParseOptions {
  readonly names?: ReadonlySet<string>;
  readonly seriesMax?: number;
}

const seriesMaxDefault = 10_000;

export function parsePrometheus(text: string, options: ParseOptions = {}): ParsedText {
  const { names, seriesMax = seriesMaxDefault } = options;
  const series: Series[] = [];
  let badLines = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.charCodeAt(start) === hash ? "" : text.slice(start, end).trim();
    start = end + 1;
    if (line === "" || line.startsWith("#")) continue;
    if (names && !isWanted(line, names)) continue;
    const parsed = parseLine(line);
    if (parsed === undefined) badLines += 1;
    else if (names !== undefined && !names.has(parsed.name)) continue;
    else if (series.length >= seriesMax) return { series, badLines, isCut: true };
    else series.push(parsed);
  }
  return { series, badLines, isCut: false };
}

const hash = 35;

/** A quoted name is inside the braces; those lines are rare and are read whole. */
function isWanted(line: string, names: ReadonlySet<string>): boolean {
  const end = line.search(/[{\s]/);
  return end <= 0 ? line.startsWith("{") : names.has(line.slice(0, end));
}

export interface Selector {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where the value begins. */
  readonly end: number;
}

function parseLine(line: string): Series | undefined {
  const selector = parseSelector(line);
  if (selector === undefined) return undefined;
  const rest = line.slice(selector.end);
  // After `name{...}` the blank may be left out; after a bare name it may not.
  const [word = ""] = rest.trimStart().split(/\s/, 1);
  const value = numberIn(word);
  if (value === undefined) return undefined;
  return { name: selector.name, labels: selector.labels, value };
}

const nameForm = /[a-zA-Z_:][\w:.]*/y;
const labelForm = /\s*(?:([a-zA-Z_][\w.]*)|"((?:[^"\\]|\\.)*)")\s*/y;
const valueForm = /\s*"((?:[^"\\]|\\.)*)"\s*/y;

/** `name`, `name{label="value"}` or `{"quoted name", label="value"}` at the start of `text`. */
export function parseSelector(text: string): Selector | undefined {
  let name = match(nameForm, text, 0)?.[0] ?? "";
  let at = name.length;
  while (text[at] === " " || text[at] === "\t") at += 1;
  const labels: Record<string, string> = {};
  if (text[at] !== "{") return name === "" ? undefined : { name, labels, end: name.length };
  at += 1;
  for (;;) {
    while (text[at] === " " || text[at] === ",") at += 1;
    if (text[at] === "}") break;
    const label = match(labelForm, text, at);
    if (label === undefined) return undefined;
    at += label[0].length;
    const key = label[1] ?? unescaped(label[2] ?? "");
    if (text[at] !== "=") {
      if (label[2] === undefined || name !== "") return undefined;
      name = key;
    } else {
      const value = match(valueForm, text, at + 1);
      if (value === undefined) return undefined;
      at += 1 + value[0].length;
      // Twice the same label: nobody can tell which series is meant.
      if (Object.hasOwn(labels, key)) return undefined;
      Object.defineProperty(labels, key, { value: unescaped(value[1] ?? ""), enumerable: true });
    }
    if (text[at] !== "," && text[at] !== "}") return undefined;
  }
  return name === "" ? undefined : { name, labels, end: at + 1 };
}

function match(form: RegExp, text: string, at: number): RegExpExecArray | undefined {
  form.lastIndex = at;
  return form.exec(text) ?? undefined;
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(.)/g, (whole, character: string) => {
    if (character === "n") return "\n";
    return character === '"' || character === "\\" ? character : whole;
  });
}

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function numberIn(word: string): number | undefined {
  if (numberForm.test(word)) return Number(word);
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(word);
  if (infinity) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^nan$/i.test(word) ? Number.NaN : undefined;
}
