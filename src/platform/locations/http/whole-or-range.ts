/** The answer to a GET of a file, or of a range of it, held to what was asked for. */
import { type ByteRange, LocationFault } from "../../../vault/index.ts";
import type { HttpAnswer } from "./http-client.ts";
import { statusFault } from "./status-fault.ts";

export function rangeHeaders(range: ByteRange | undefined): Record<string, string> {
  if (range === undefined) return {};
  return { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
}

/** Of an answer with status 200 or 206. A server that knows no ranges sends the whole file. */
export function wholeOrRange(
  answer: HttpAnswer,
  what: string,
  range: ByteRange | undefined,
): Uint8Array {
  const { status, headers, body } = answer;
  if (range === undefined) {
    if (status !== 200) throw statusFault(answer, what);
    return plain(body);
  }
  const { offset, length } = range;
  if (status === 206) {
    const from = /^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1];
    if (Number(from) !== offset || body.length > length) {
      throw statusFault(answer, what, { kind: "strange", said: "it is not the range asked for" });
    }
  }
  const part = status === 206 ? body : body.subarray(offset, offset + length);
  if (part.length === length) return plain(part);
  const message = `${what}: ends before byte ${offset + length}`;
  throw new LocationFault("short", message);
}

function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
