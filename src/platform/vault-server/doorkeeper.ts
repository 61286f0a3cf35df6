/**
 * Who asks? Basic authentication against scrypt.
 *
 * D1. An unknown user costs the same as a wrong password, and hashes are compared in constant time:
 *     how long a refusal takes tells neither names nor parts of a password.
 * D2. Whoever was let in is known again by a keyed hash of what he sent, so that a backup of
 *     thousands of requests costs one scrypt; the key is never written down.
 * D3. Two scrypts at once and a short queue: whoever tries passwords keeps nobody else out of the
 *     machine, and is told to come back later.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { hashOf, type PasswordRecord } from "./password-line.ts";
import { Refusal } from "./refusal.ts";

const mostKnown = 1000;
const mostAtOnce = 2;
const mostWaiting = 32;

export class Doorkeeper {
  readonly #records: ReadonlyMap<string, PasswordRecord>;
  readonly #decoy: PasswordRecord;
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, string>();
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;

  /** @param records at least one */
  constructor(records: readonly PasswordRecord[]) {
    this.#records = new Map(records.map((record) => [record.user, record]));
    const usual = { cost: 15, blockSize: 8, parallelization: 1, ...records[0] };
    this.#decoy = { ...usual, user: "", salt: randomBytes(16), hash: randomBytes(32) };
  }

  /** The user, or undefined: not let in. */
  async userOf(authorization: string | undefined): Promise<string | undefined> {
    const given = credentialsOf(authorization);
    if (given === undefined) return undefined;
    const mark = createHmac("sha256", this.#key)
      .update(`${given.user}:${given.password}`)
      .digest("hex");
    const known = this.#known.get(mark);
    if (known !== undefined) return known;
    const record = this.#records.get(given.user);
    const expected = record ?? this.#decoy;
    const hash = await this.#inTurn(() => hashOf(given.password, expected));
    const isRight = timingSafeEqual(hash, expected.hash) && record !== undefined;
    if (!isRight) return undefined;
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(mark, given.user);
    return given.user;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#atWork >= mostAtOnce) {
      if (this.#waiting.length >= mostWaiting) {
        throw new Refusal(429, "busy: too many log in at once");
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#atWork += 1;
    try {
      return await work();
    } finally {
      this.#atWork -= 1;
      this.#waiting.shift()?.();
    }
  }
}

function credentialsOf(
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
