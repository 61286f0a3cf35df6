import { createReadStream } from "node:fs";
import { lineBytesMax, type TrailPiece } from "../../vault/index.ts";

/**
 * The whole lines of a trail, and what is behind the last newline. A file that is not there has
 * none. What is too long for a line ends the reading as one: nobody proves what is behind it.
 */
export async function* readTrail(path: string): AsyncGenerator<TrailPiece> {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0;
      const bytes = Buffer.concat([rest, chunk]);
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield { kind: "line", line: textOf(bytes.subarray(start, end)) };
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > lineBytesMax) {
        yield { kind: "line", line: "" };
        return;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (rest.length > 0) yield { kind: "torn", sizeBytes: rest.length };
}

/** Bytes that are no UTF-8 become characters that no canonical line of ours holds unnoticed. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : "";
}
