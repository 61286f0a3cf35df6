/**
 * Repositories behind a server that speaks restic's REST protocol. The server itself is in
 * `platform/vault-server`; neither knows the other, they share nothing but the protocol.
 */
export { RestLocation, type RestLocationOptions } from "./rest-location.ts";
