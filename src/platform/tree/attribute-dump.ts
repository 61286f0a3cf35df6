/**
 * The text in which getfattr and setfattr (package attr) speak of extended attributes:
 *
 *     # file: path
 *     name=0sBASE64
 *
 * with an empty line behind each file. Texts here are latin1, one character a byte. In paths and
 * names a backslash, the ends of lines and (in names) `=` are written as `\ooo`, in octal.
 */
import { Buffer } from "node:buffer";
import {
  type ExtendedAttribute,
  type RawPath,
  rawPathOfText,
  type SourceFailure,
  textOfRawPath,
} from "../../vault/index.ts";

export interface AttributedPath {
  readonly path: RawPath;
  readonly attributes: readonly ExtendedAttribute[];
}

export interface ParsedDump {
  readonly found: Map<RawPath, readonly ExtendedAttribute[]>;
  /** `EILSEQ`: an attribute whose name is no text, which the repository cannot keep. */
  readonly failures: readonly SourceFailure[];
}

export function parseDump(dump: string): ParsedDump {
  const found = new Map<RawPath, readonly ExtendedAttribute[]>();
  const failures: SourceFailure[] = [];
  for (const block of dump.split("\n\n")) {
    const [first = "", ...lines] = block.split("\n");
    if (!first.startsWith(fileMark)) continue;
    const path = unquoted(first.slice(fileMark.length)) as RawPath;
    const attributes: ExtendedAttribute[] = [];
    for (const line of lines.filter((each) => each !== "")) {
      const attribute = attributeIn(line);
      if (attribute === undefined) failures.push({ path, code: "EILSEQ" });
      else attributes.push(attribute);
    }
    found.set(path, attributes.toSorted(byName));
  }
  return { found, failures };
}

export function formatDump(paths: readonly AttributedPath[]): Buffer {
  const blocks = paths.map(({ path, attributes }) => {
    const lines = attributes.map(({ name, value }) => {
      const quotedName = quoted(rawPathOfText(name), /[\\\n\r=]/g);
      // An empty one in base64 is an error to setfattr, of which it says nothing.
      const text = value.length === 0 ? '""' : `0s${Buffer.from(value).toString("base64")}`;
      return `${quotedName}=${text}\n`;
    });
    return `${fileMark}${quoted(path, /[\\\n\r]/g)}\n${lines.join("")}\n`;
  });
  return Buffer.from(blocks.join(""), "latin1");
}

/** What one of the two programs complained of, line by line: `getfattr: path: reason`. */
export function parseComplaints(text: string): readonly SourceFailure[] {
  return text.split("\n").flatMap((line) => {
    const said = /^[gs]etfattr: (.*): ([^:]+)$/.exec(line);
    if (said === null) return [];
    const code = codes[said[2] ?? ""] ?? "EIO";
    return [{ path: unquoted(said[1] ?? "") as RawPath, code }];
  });
}

const fileMark = "# file: ";

const codes: Readonly<Record<string, string>> = {
  "No such file or directory": "ENOENT",
  "Permission denied": "EACCES",
  "Operation not permitted": "EPERM",
  "Operation not supported": "ENOTSUP",
  "No space left on device": "ENOSPC",
  "Disk quota exceeded": "EDQUOT",
  "Read-only file system": "EROFS",
  "File name too long": "ENAMETOOLONG",
};

function attributeIn(line: string): ExtendedAttribute | undefined {
  const [key = "", value = ""] = line.split(/=(.*)/s, 2);
  const raw = unquoted(key) as RawPath;
  const name = textOfRawPath(raw);
  if (rawPathOfText(name) !== raw) return undefined;
  return { name, value: Buffer.from(value.replace(/^0s/, ""), "base64") };
}

function byName(a: ExtendedAttribute, b: ExtendedAttribute): number {
  return a.name < b.name ? -1 : 1;
}

function quoted(raw: RawPath, special: RegExp): string {
  return raw.replaceAll(special, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function unquoted(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
