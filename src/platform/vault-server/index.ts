/**
 * The server behind `soulmirror vault serve`: folders of repositories over restic's REST protocol,
 * append-only if wished. Stock restic is its client as well as our own `rest:` location.
 */
export { passwordLine, passwordRecord, readPasswordLines } from "./password-line.ts";
export { openVaultServer, type VaultServer, type VaultServerOptions } from "./vault-server.ts";
