/**
 * What was read is not what was written: a MAC or hash that does not fit, a text that does not
 * parse, a name that cannot be. Thrown where bytes of a repository are understood, and turned into
 * a finding (`check`), a repair from elsewhere, or `VAULT_DAMAGED`.
 */
export class Damage extends Error {
  /** @param message says what and where: the file or blob, and what was expected of it */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "Damage";
  }
}
