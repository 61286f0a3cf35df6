/**
 * Who is asking, and may they? Every request passes here before anything else looks at it.
 *
 * Loopback is not authentication: any page in any browser on this machine can send requests to it.
 * G1. The Host header names us with our port, else a foreign name was pointed at our address.
 * G2. An Origin header, where there is one, is ours; there is no CORS.
 * G3. Acting, logs, diagnostics and configuration need the token or a session. Beyond loopback
 *     everything does. A wrong token is refused even where none is needed.
 * G4. A session alone may act only from our own page: its request must carry our Origin.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type Clock, SoulMirrorError } from "../../kernel/index.ts";
import type { Access, Caller } from "../procedures/procedure.ts";
import { createFailedAttempts } from "./failed-attempts.ts";
import { isSameSecret } from "./secrets.ts";
import { createSessions, type Sessions } from "./sessions.ts";

export interface GateOptions {
  readonly clock: Clock;
  readonly token: string;
  /** Where it listens. */
  readonly host: string;
  readonly port: () => number;
  /** Further `host` or `host:port` that people reach us by. */
  readonly otherHosts: readonly string[];
}

export interface Visit {
  readonly method: string;
  readonly address: string;
  /** The address of ours that the connection came in at. */
  readonly localAddress?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export interface Gate {
  readonly sessions: Sessions;
  readonly cookieName: () => string;
  /** Throws FORBIDDEN_ORIGIN, or NOT_AUTHORIZED for credentials that are wrong. */
  identify(visit: Visit): Caller;
  /** Throws NOT_AUTHORIZED when the caller may not. */
  permit(caller: Caller, access: Access): void;
}

/** Raised instead of a plain NOT_AUTHORIZED when there were too many: answered with 429. */
export class TooManyAttempts extends SoulMirrorError {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super("NOT_AUTHORIZED", "too many wrong tokens from this address");
    this.retryAfterMs = retryAfterMs;
  }
}

const tokenFix = "send `Authorization: Bearer` with the token in the data directory";
const stranger: Caller = { name: "anonymous", isTrusted: false };

export function createGate(options: GateOptions): Gate {
  const sessions = createSessions(options.clock);
  const attempts = createFailedAttempts(options.clock);
  const isOpen = isLoopback(options.host);
  const cookieName = (): string => `soulmirror_${options.port()}`;

  const refuse = (visit: Visit, what: string): never => {
    const retryAfterMs = attempts.add(visit.address);
    if (retryAfterMs !== undefined) throw new TooManyAttempts(retryAfterMs);
    throw new SoulMirrorError("NOT_AUTHORIZED", what, { fix: tokenFix });
  };

  return {
    sessions,
    cookieName,
    identify(visit) {
      checkAddress(visit, options);
      const { authorization, cookie } = visit.headers;
      if (authorization !== undefined) {
        const given = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
        if (given !== undefined && isSameSecret(given, options.token)) {
          return { name: "token", isTrusted: true };
        }
        return refuse(visit, "the token is wrong");
      }
      const session = cookieIn(cookie, cookieName());
      if (session === undefined || !sessions.isOpen(session)) return stranger;
      const isOurs = visit.method === "GET" || visit.headers.origin !== undefined;
      return isOurs ? { name: "page", isTrusted: true } : stranger;
    },
    permit(caller, access) {
      if (caller.isTrusted) return;
      if (isOpen && (access === "read" || access === "report")) return;
      throw new SoulMirrorError("NOT_AUTHORIZED", "this needs the token", { fix: tokenFix });
    },
  };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function checkAddress({ headers, localAddress }: Visit, options: GateOptions): void {
  const hosts = ourHosts(options, localAddress);
  const host = headers.host?.toLowerCase();
  if (host === undefined || !hosts.has(host)) {
    throw new SoulMirrorError("FORBIDDEN_ORIGIN", `Host ${host ?? "(none)"} is not one of ours`, {
      fix: `use one of ${[...hosts].join(", ")}`,
    });
  }
  const { origin } = headers;
  if (origin === undefined) return;
  const named = /^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1];
  if (named === undefined || !hosts.has(named)) {
    throw new SoulMirrorError("FORBIDDEN_ORIGIN", `Origin ${origin} is not one of ours`);
  }
}

/**
 * An address that was typed as a number is no name that somebody could have pointed at us, so the
 * one that the connection came in at is ours, too.
 */
function ourHosts(
  { host, port, otherHosts }: GateOptions,
  localAddress: string | undefined,
): ReadonlySet<string> {
  const names = ["localhost", "127.0.0.1", "[::1]"];
  const isWildcard = host === "0.0.0.0" || host === "::";
  if (!isWildcard) names.push(bracketed(host));
  if (localAddress !== undefined) names.push(bracketed(localAddress.replace(/^::ffff:/i, "")));
  const withPort = names.map((name) => `${name}:${port()}`.toLowerCase());
  // Browsers leave port 80 out.
  const plain = port() === 80 ? names : [];
  const others = otherHosts.flatMap((name) => [name, `${name}:${port()}`]);
  return new Set([...withPort, ...plain, ...others].map((name) => name.toLowerCase()));
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  const pairs = header?.split(";").map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
