/**
 * Lines out of a stream of bytes. The end of the last chunk waits for its newline.
 *
 * 1. A line keeps its first `lineBytesMax` bytes; the rest of a longer one is dropped, so that a
 *    binary file without newlines costs no memory.
 * 2. No character is torn apart: bytes are decoded by whole lines.
 */
const newline = 10;
const nothing = Buffer.alloc(0);
const lineBytesMax = 8 * 1024;

export class LineSplitter {
  #rest: Buffer = nothing;

  /** The lines that are complete now. `chunk` may be used again by the caller. */
  push(chunk: Buffer): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#rest.toString("utf8").replace(/\r$/, ""));
      this.#rest = nothing;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #keep(bytes: Buffer): void {
    const room = lineBytesMax - this.#rest.length;
    if (room > 0 && bytes.length > 0) {
      this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, room)]);
    }
  }
}
