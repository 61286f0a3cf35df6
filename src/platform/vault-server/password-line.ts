/**
 * Who may use a server: one line for each user, `NAME:$scrypt$ln=15,r=8,p=1$SALT$HASH`, base64
 * without padding. scrypt, because Node has it; lines of other kinds (bcrypt, as htpasswd makes
 * them) are refused with their number rather than left out in silence.
 */
import { scrypt } from "node:crypto";
import { failed, type Result, success } from "../../kernel/index.ts";

export interface PasswordRecord {
  readonly user: string;
  readonly salt: Buffer;
  readonly hash: Buffer;
  /** Logarithm of the cost; the memory is 2^cost * blockSize * 128 bytes. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

const userName = /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,99}$/;

const usual = { cost: 15, blockSize: 8, parallelization: 1 } as const;
const hashBytes = 32;
const mostUsers = 1000;
const form =
  /^([^:]+):\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/;

/** The content of a password file; empty lines and those that begin with # say nothing. */
export function readPasswordLines(text: string): Result<readonly PasswordRecord[]> {
  const records = new Map<string, PasswordRecord>();
  for (const [index, written] of text.split("\n").entries()) {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) continue;
    const record = recordOf(line);
    if (record === undefined) {
      return failed(`line ${index + 1} is not NAME:$scrypt$ln=15,r=8,p=1$SALT$HASH`);
    }
    if (records.has(record.user)) return failed(`line ${index + 1} names a user again`);
    records.set(record.user, record);
  }
  if (records.size > mostUsers) return failed(`it names more than ${mostUsers} users`);
  return success(Array.from(records.values()));
}

/** @param salt 16 bytes that nobody can guess */
export async function passwordRecord(
  user: string,
  password: string,
  salt: Buffer,
): Promise<PasswordRecord> {
  const record = { user, salt, hash: Buffer.alloc(hashBytes), ...usual };
  return { ...record, hash: await hashOf(password, record) };
}

/** The line of a password file. */
export function passwordLine({ user, salt, hash, ...record }: PasswordRecord): string {
  const { cost, blockSize, parallelization } = record;
  const parameters = `ln=${cost},r=${blockSize},p=${parallelization}`;
  return `${user}:$scrypt$${parameters}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** In a thread of Node's pool; some 70 ms with the usual cost. */
export async function hashOf(password: string, record: PasswordRecord): Promise<Buffer> {
  const { salt, cost, blockSize, parallelization } = record;
  const N = 2 ** cost;
  const options = { N, r: blockSize, p: parallelization, maxmem: 256 * N * blockSize };
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(password, salt, hashBytes, options, (error, hash) => {
    if (error === null) resolve(hash);
    else reject(error);
  });
  return promise;
}

function recordOf(line: string): PasswordRecord | undefined {
  const [, user = "", ln, r, p, salt = "", hash = ""] = form.exec(line) ?? [];
  const [cost, blockSize, parallelization] = [Number(ln), Number(r), Number(p)];
  const isWithin =
    cost >= 10 && cost <= 18 && blockSize >= 1 && blockSize <= 16 && parallelization >= 1;
  if (!userName.test(user) || !isWithin) return undefined;
  return {
    user,
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
    cost,
    blockSize,
    parallelization,
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
