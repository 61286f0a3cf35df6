/**
 * Reads protobuf messages by a table of their fields, into the same shape as their JSON form has.
 * Only what the tables name is kept; the rest is skipped.
 *
 * R1. Bytes that are no such message give an error, never a wrong message and never a read beyond
 *     the end.
 * R2. At most `messagesMax` messages within one, at most `depthMax` deep: small bytes cannot become
 *     a large tree.
 * R3. 64-bit integers become numbers: beyond 2^53 they are rounded, as a measured value may be.
 */
export type FieldType =
  | "string"
  | "bool"
  | "int"
  | "sint"
  | "double"
  | "fixed64"
  | "sfixed64"
  | Message;

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly isRepeated?: boolean;
}

/** By field number. A function, because messages hold messages of their own kind. */
export type Message = () => Readonly<Record<number, Field>>;

export class ProtobufError extends Error {}

const messagesMax = 200_000;
const depthMax = 16;

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;
const wireFixed32 = 5;

/** Throws a `ProtobufError` for what is none (R1) or too much (R2). */
export function readProtobuf(bytes: Uint8Array, message: Message): Record<string, unknown> {
  return new Reader(bytes).message(message, bytes.length, 0);
}

/** Where a value lies: how it is written, where what holds it ends, how deep that is. */
interface Place {
  readonly wire: number;
  readonly end: number;
  readonly depth: number;
}

const text = new TextDecoder();

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #messages = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  message(message: Message, end: number, depth: number): Record<string, unknown> {
    this.#messages += 1;
    if (depth > depthMax) throw new ProtobufError("messages lie too deep within each other");
    if (this.#messages > messagesMax) throw new ProtobufError("too many messages in one");
    const fields = message();
    const found: Record<string, unknown> = {};
    while (this.#at < end) {
      const tag = this.#varint(end);
      const field = fields[Math.floor(tag / 8)];
      const place = { wire: tag % 8, end, depth };
      if (field === undefined) this.#skip(place);
      else if (field.isRepeated === true) this.#repeated(found, field, place);
      else found[field.name] = this.#value(field.type, place);
    }
    return found;
  }

  #repeated(found: Record<string, unknown>, { name, type }: Field, place: Place): void {
    const list = (found[name] ??= []) as unknown[];
    const isPacked = place.wire === wireBytes && wireOf(type) !== wireBytes;
    if (!isPacked) {
      list.push(this.#value(type, place));
      return;
    }
    const end = this.#end(place.end);
    const packed = { wire: wireOf(type), end, depth: place.depth };
    while (this.#at < end) list.push(this.#value(type, packed));
  }

  #value(type: FieldType, { wire, end, depth }: Place): unknown {
    if (wire !== wireOf(type)) throw new ProtobufError("a field has another type than it should");
    if (typeof type === "function") return this.message(type, this.#end(end), depth + 1);
    if (type === "string") return text.decode(this.#take(this.#end(end)));
    if (type === "double" || type === "fixed64" || type === "sfixed64") {
      return this.#fixed(type, end);
    }
    const value = this.#varint(end, type === "int");
    if (type === "bool") return value !== 0;
    if (type === "int") return value;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #fixed(type: "double" | "fixed64" | "sfixed64", end: number): number {
    const at = this.#at;
    this.#take(this.#within(at + 8, end));
    if (type === "double") return this.#view.getFloat64(at, true);
    const big =
      type === "fixed64" ? this.#view.getBigUint64(at, true) : this.#view.getBigInt64(at, true);
    return Number(big);
  }

  /** In three parts, so that small negative numbers (all bits set) stay exact. */
  #varint(end: number, isSigned = false): number {
    const parts: [number, number, number] = [0, 0, 0];
    for (let place = 0; place < 10; place += 1) {
      if (this.#at >= end) throw new ProtobufError("a number goes beyond its message");
      const byte = this.#bytes[this.#at] as number;
      this.#at += 1;
      const part = Math.floor(place / 4) as 0 | 1 | 2;
      parts[part] += (byte & 0x7f) * 2 ** (7 * (place % 4));
      if (byte < 0x80) {
        const high = (parts[2] & 0xff) - (isSigned && (parts[2] & 0x80) !== 0 ? 256 : 0);
        return high * 2 ** 56 + parts[1] * 2 ** 28 + parts[0];
      }
    }
    throw new ProtobufError("a number has no end");
  }

  #skip({ wire, end }: Place): void {
    if (wire === wireVarint) this.#varint(end);
    else if (wire === wireFixed64) this.#take(this.#within(this.#at + 8, end));
    else if (wire === wireFixed32) this.#take(this.#within(this.#at + 4, end));
    else if (wire === wireBytes) this.#take(this.#end(end));
    else throw new ProtobufError("a field is written in a way that is no longer in use");
  }

  /** Where what begins here ends, by the length that it begins with. */
  #end(outerEnd: number): number {
    const length = this.#varint(outerEnd);
    return this.#within(this.#at + length, outerEnd);
  }

  #within(end: number, outerEnd: number): number {
    if (end <= outerEnd) return end;
    throw new ProtobufError("a field goes beyond its message");
  }

  #take(end: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function wireOf(type: FieldType): number {
  if (typeof type === "function" || type === "string") return wireBytes;
  return type === "double" || type === "fixed64" || type === "sfixed64" ? wireFixed64 : wireVarint;
}
