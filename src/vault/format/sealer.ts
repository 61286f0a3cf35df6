/** The two directions of the repository's encryption; `format/seal.ts` makes one of keys. */
export interface Sealer {
  /** @param nonce 16 random bytes, never used before */
  seal(plain: Uint8Array, nonce: Uint8Array): Uint8Array;
  /** @throws Damage when the MAC does not fit: nothing is decrypted then */
  open(sealed: Uint8Array): Uint8Array;
}
