/** What a caller hands to `writeFile` and its like, and what a reader makes of a file. */

export interface WriteWish {
  readonly flag: string;
  readonly mode: number | undefined;
  readonly encoding: BufferEncoding;
}

/** The options of `writeFile`: an encoding, an object, nothing. Undefined: node refuses them. */
export function wishOf(options: unknown, flag: string): WriteWish | undefined {
  if (options === undefined || options === null || typeof options === "function") {
    return { flag, mode: undefined, encoding: "utf8" };
  }
  const given = (typeof options === "string" ? { encoding: options } : options) as Partial<
    Record<keyof WriteWish, unknown>
  >;
  if (typeof given !== "object") return undefined;
  const { encoding, mode } = given;
  if (encoding !== undefined && encoding !== null && !isEncoding(encoding)) return undefined;
  return {
    flag: typeof given.flag === "string" ? given.flag : flag,
    mode: typeof mode === "number" ? mode : undefined,
    encoding: isEncoding(encoding) ? encoding : "utf8",
  };
}

function isEncoding(value: unknown): value is BufferEncoding {
  return typeof value === "string" && Buffer.isEncoding(value);
}

/** The bytes; undefined for streams, and for what node will refuse. */
export function bytesOfData(data: unknown, encoding: BufferEncoding): Buffer | undefined {
  if (typeof data === "string") return Buffer.from(data, encoding);
  if (!ArrayBuffer.isView(data)) return undefined;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

export function isNothing(data: unknown): boolean {
  return data === "" || (ArrayBuffer.isView(data) && data.byteLength === 0);
}
