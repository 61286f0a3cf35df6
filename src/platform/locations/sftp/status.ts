/**
 * What a status says. Version 3 has one word, "failure", for a full disk, a read-only one and much
 * else: then the server is asked how its disk is (`statvfs@openssh.com`).
 */
import { DiskError } from "../disk.ts";
import { FieldReader, noSftp, type Packet, packetTypes, text } from "./packets.ts";
import type { SftpClient } from "./sftp-client.ts";

const codes = {
  ok: 0,
  missing: 2,
  denied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const;

const diskStatus = "statvfs@openssh.com";
/** Room for the rest of a pack that did not fit: less than this is a full disk. */
const fullBelowBytes = 256 * 1024;
const readOnlyFlag = 1;

/** The one word for all that has no word of its own. */
export function hasFailed({ type, body }: Packet): boolean {
  return type === packetTypes.status && new FieldReader(body).number32() === codes.failure;
}

/** Undefined when it was done. */
export async function refusalOf(
  client: SftpClient,
  { type, body }: Packet,
  path: string,
): Promise<DiskError | undefined> {
  if (type !== packetTypes.status) return noSftp();
  const fields = new FieldReader(body);
  const code = fields.number32();
  const message = fields.isAtEnd ? `status ${code}` : fields.text();
  switch (code) {
    case codes.ok:
      return undefined;
    case codes.missing:
      return new DiskError("missing", message);
    case codes.denied:
      return new DiskError("denied", message);
    case codes.failure:
      return await askDisk(client, path, message);
    case codes.noConnection:
    case codes.connectionLost:
      return new DiskError("away", message);
    default:
      return new DiskError("strange", message);
  }
}

async function askDisk(client: SftpClient, path: string, message: string): Promise<DiskError> {
  if (!client.has(diskStatus)) return new DiskError("away", message);
  const folder = path.slice(0, path.lastIndexOf("/")) || ".";
  const answer = await client.request(packetTypes.extended, [text(diskStatus), text(folder)]);
  if (answer.type !== packetTypes.extendedReply) return new DiskError("away", message);
  const fields = new FieldReader(answer.body);
  fields.number64();
  const [unitBytes, , , freeUnits, files, , freeFiles] = Array.from({ length: 7 }, () =>
    fields.number64(),
  );
  fields.number64();
  if ((fields.number64() & readOnlyFlag) !== 0) {
    return new DiskError("read-only", `${message}: the disk there is mounted read-only`);
  }
  const freeBytes = (unitBytes ?? 0) * (freeUnits ?? 0);
  if (freeBytes < fullBelowBytes || (files !== 0 && freeFiles === 0)) {
    return new DiskError("full", `${message}: ${freeBytes} bytes are free on the disk there`);
  }
  return new DiskError("away", message);
}
