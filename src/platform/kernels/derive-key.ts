/** scrypt in Node's pool of threads, so that nobody waits for it in the thread that asks. */
import { scrypt } from "node:crypto";
import type { DeriveKey } from "../../vault/index.ts";

export const deriveKey: DeriveKey = (passphrase, { salt, N, r, p, lengthBytes }) =>
  new Promise((resolve, reject) => {
    // What it needs, and a little for OpenSSL itself; who asks has checked that it is not too much.
    const maxmem = 128 * r * (N + p) + 1024 * 1024;
    scrypt(passphrase, salt, lengthBytes, { N, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
