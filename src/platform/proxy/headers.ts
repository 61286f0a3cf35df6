/**
 * What of a message's head may cross a proxy (RFC 9110, section 7.6.1).
 *
 * Works on raw header lists (name, value, name, value ...) so that case, order and repetition
 * survive. Framing is never copied: it is made anew from what is really sent, which leaves
 * nothing for two parsers to disagree about.
 */
import type { IncomingMessage } from "node:http";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);
/** Set by this proxy, or answered by it (`expect`). */
const madeHere = new Set([
  "content-length",
  "expect",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly sizeBytes: number | string }
  | { readonly kind: "chunked" };

/** The head for the upstream. `upgradeTo` keeps a connection upgrade alive, which is hop-by-hop. */
export function requestHeaders(
  incoming: IncomingMessage,
  framing: Framing,
  upgradeTo?: string,
): string[] {
  const out = endToEnd(incoming, (name) => madeHere.has(name));
  if (incoming.headers.host === undefined) out.push("Host", "localhost");
  pushForwarded(out, incoming);
  if (framing.kind === "length") out.push("Content-Length", String(framing.sizeBytes));
  if (framing.kind === "chunked") out.push("Transfer-Encoding", "chunked");
  if (upgradeTo !== undefined) out.push("Connection", "Upgrade", "Upgrade", upgradeTo);
  return out;
}

/** With more than one, we and the upstream could each take another for the one that counts. */
export function hostCount({ rawHeaders }: IncomingMessage): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

/** The head for the client. Node adds the framing when there is no Content-Length. */
export function responseHeaders(incoming: IncomingMessage): string[] {
  return endToEnd(incoming, () => false);
}

function endToEnd(message: IncomingMessage, drop: (name: string) => boolean): string[] {
  const nominated = namedByConnection(message.headers.connection);
  const out: string[] = [];
  const raw = message.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || nominated?.has(lower) === true || drop(lower)) continue;
    out.push(name, raw[index + 1] as string);
  }
  return out;
}

/** Host stays whatever Connection says: removing it would change who is asked. */
function namedByConnection(connection: string | undefined): Set<string> | undefined {
  if (connection === undefined || !/[^\s,]/.test(connection)) return undefined;
  const plain = connection.toLowerCase();
  if (plain === "keep-alive" || plain === "close") return undefined;
  const names = new Set(plain.split(",").map((name) => name.trim()));
  names.delete("host");
  names.delete("content-length");
  return names;
}

/** A neighbour on this machine may be a proxy of the user's; anybody else could write anything. */
function pushForwarded(out: string[], incoming: IncomingMessage): void {
  const address = incoming.socket.remoteAddress ?? "unknown";
  const trusted = isLoopback(address);
  const before = trusted ? incoming.headers["x-forwarded-for"] : undefined;
  const proto = trusted ? incoming.headers["x-forwarded-proto"] : undefined;
  const host = trusted ? incoming.headers["x-forwarded-host"] : undefined;
  out.push("X-Forwarded-For", before === undefined ? address : `${String(before)}, ${address}`);
  out.push("X-Forwarded-Proto", proto === undefined ? "http" : String(proto));
  out.push("X-Forwarded-Host", String(host ?? incoming.headers.host ?? "localhost"));
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
