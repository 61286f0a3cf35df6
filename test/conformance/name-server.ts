/** A DNS server over UDP that knows what it is told, on a free loopback port. */
import { createSocket } from "node:dgram";

export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Questions that came in so far. */
  readonly asked: readonly string[];
}

const typeNumbers: Readonly<Record<string, number>> = { A: 1, TXT: 16, MX: 15 };

/**
 * `records` by `TYPE name`: texts that `encode` understands. A name that is missing does not exist;
 * one with "silence" is never answered; one with "refuse" or "fail" gets that code.
 */
export async function nameServer(
  records: Readonly<Record<string, readonly string[] | "silence" | "refuse" | "fail">>,
): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (query, { port, address }) => {
    const { name, type, end } = questionIn(query);
    const key = `${type} ${name}`;
    asked.push(key);
    const record = records[key];
    if (record === "silence") return;
    const code = record === undefined ? 3 : record === "refuse" ? 5 : record === "fail" ? 2 : 0;
    const answers = typeof record === "object" ? record : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    const body = answers.map((answer) => resourceRecord(type, answer));
    socket.send(Buffer.concat([header, query.subarray(12, end), ...body]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

function questionIn(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = Object.keys(typeNumbers).find((each) => typeNumbers[each] === number) ?? "";
  return { name: labels.join(".").toLowerCase(), type, end: at + 5 };
}

function resourceRecord(type: string, answer: string): Buffer {
  const data = encode(type, answer);
  const head = Buffer.alloc(12);
  // The name is that of the question, which begins at byte 12.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(typeNumbers[type] ?? 0, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(30, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encode(type: string, answer: string): Buffer {
  if (type === "A") return Buffer.from(answer.split(".").map(Number));
  if (type === "TXT") return Buffer.concat([Buffer.from([answer.length]), Buffer.from(answer)]);
  const [priority = "0", name = ""] = answer.split(" ");
  const labels = name.split(".").map((label) => Buffer.from(`\0${label}`));
  for (const label of labels) label[0] = label.length - 1;
  const number = Buffer.alloc(2);
  number.writeUInt16BE(Number(priority));
  return Buffer.concat([number, ...labels, Buffer.from([0])]);
}
