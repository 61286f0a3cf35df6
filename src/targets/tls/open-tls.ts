/**
 * A TLS connection whose certificate is looked at before anything is sent.
 *
 * O1. A certificate that is not valid does not end the look: its days and serial are what people
 *     need to know most. `problem` says what is wrong, and the caller sends nothing.
 * O2. The promise always resolves, and soon after an abort. An open socket is the caller's to
 *     destroy.
 */
import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import type { AbortSignalLike } from "../../model/index.ts";
import { type Trouble, troubleOf } from "../check-reading.ts";
import { resolveHost } from "../resolve-host.ts";

export interface TlsAddress {
  readonly host: string;
  readonly port: number;
  /** The name that the certificate must be for; default: the host. */
  readonly servername?: string | undefined;
  /** Certificates of authorities (PEM) to trust instead of the system's. */
  readonly authorities?: string | undefined;
}

export interface ServedCertificate {
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
}

export type TlsOpening =
  | {
      readonly kind: "open";
      readonly socket: TLSSocket;
      readonly certificate: ServedCertificate | undefined;
      /** Why it is not to be trusted. */
      readonly problem: string | undefined;
    }
  | { readonly kind: "failed"; readonly trouble: Trouble }
  | { readonly kind: "aborted" };

export function openTls(address: TlsAddress, signal: AbortSignalLike): Promise<TlsOpening> {
  if (signal.aborted) return Promise.resolve({ kind: "aborted" });
  const name = address.servername ?? address.host;
  return new Promise((resolve) => {
    const socket = connect({
      host: address.host,
      port: address.port,
      // An address may not be sent as a server name.
      servername: isIP(name) === 0 ? name : "",
      lookup: resolveHost,
      rejectUnauthorized: false,
      ...(address.authorities === undefined ? {} : { ca: address.authorities }),
    });
    const settle = (opening: TlsOpening): void => {
      signal.removeEventListener("abort", abort);
      if (opening.kind !== "open") socket.destroy();
      resolve(opening);
    };
    const abort = (): void => settle({ kind: "aborted" });
    signal.addEventListener("abort", abort, { once: true });
    // The listener stays: what breaks later must not be thrown.
    socket.on("error", (error) => settle({ kind: "failed", trouble: troubleOf(error) }));
    socket.once("secureConnect", () => {
      const certificate = certificateOf(socket.getPeerCertificate());
      settle({ kind: "open", socket, certificate, problem: problemOf(socket, certificate) });
    });
  });
}

function certificateOf(
  peer: DetailedPeerCertificate | ReturnType<TLSSocket["getPeerCertificate"]>,
): ServedCertificate | undefined {
  if (peer.valid_to === undefined) return undefined;
  return {
    validFromMs: Date.parse(peer.valid_from),
    validToMs: Date.parse(peer.valid_to),
    serial: peer.serialNumber,
    subject: nameOf(peer.subject),
    issuer: nameOf(peer.issuer),
  };
}

function nameOf(parts: {
  readonly CN?: string | string[];
  readonly O?: string | string[];
}): string {
  return [parts?.CN ?? parts?.O ?? ""].flat().join(", ");
}

const verifyWords: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself only",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends in an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "its issuer is not known",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its chain is not complete",
  CERT_REVOKED: "it was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another name",
};

function problemOf(
  socket: TLSSocket,
  certificate: ServedCertificate | undefined,
): string | undefined {
  if (certificate === undefined) return "the server showed no certificate";
  if (socket.authorized) return undefined;
  // Documented as an Error, and in fact its code.
  const error: unknown = socket.authorizationError;
  const code = typeof error === "string" ? error : String((error as { code?: unknown }).code);
  return verifyWords[code] ?? code.toLowerCase().replaceAll("_", " ");
}
