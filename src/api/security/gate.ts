/**
 * Who is asking, and may they? Every request passes here before anything else looks at it.
 *
 * Loopback is not authentication: any page in any browser on this machine can send requests to it.
 * G1. The Host header names us with our port, else a foreign name was pointed at our address.
 * G2. An Origin header, where there is one, is ours; there is no CORS.
 * G3. Acting, logs, diagnostics and configuration need the token or a session. Beyond loopback
 *     everything does, and what a proxy passes on comes from beyond: it says so, or it names us by
 *     a name that was configured for it. A wrong token is refused even where none is needed.
 * G4. The token of a service opens what engines are for, and nothing else.
 * G5. A session alone may act only from our own page: its request must carry our Origin.
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
  /** Further `host` or `host:port` that people reach us by; asked at every request. */
  readonly otherHosts: () => readonly string[];
  /** Whose token that is, where it is one of a service. */
  readonly serviceOf: (given: string) => string | undefined;
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
  /** Throws FORBIDDEN_ORIGIN; for wrong credentials NOT_AUTHORIZED or TOO_MANY_ATTEMPTS. */
  identify(visit: Visit): Caller;
  /** Throws NOT_AUTHORIZED when the caller may not. */
  permit(caller: Caller, access: Access): void;
}

const tokenFix = "send `Authorization: Bearer` with the token in the data directory";
const neighbour: Caller = { name: "anonymous", isTrusted: false, isNear: true };
const stranger: Caller = { name: "anonymous", isTrusted: false, isNear: false };
const passedOn = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

export function createGate(options: GateOptions): Gate {
  const sessions = createSessions(options.clock);
  const attempts = createFailedAttempts(options.clock);
  const isOpen = isLoopback(options.host);
  const cookieName = (): string => `soulmirror_${options.port()}`;

  const refuse = (visit: Visit, what: string): never => {
    const retryAfterMs = attempts.add(visit.address);
    if (retryAfterMs !== undefined) {
      const tooMany = "too many wrong tokens from this address";
      throw new SoulMirrorError("TOO_MANY_ATTEMPTS", tooMany, { fix: tokenFix, retryAfterMs });
    }
    throw new SoulMirrorError("NOT_AUTHORIZED", what, { fix: tokenFix });
  };

  return {
    sessions,
    cookieName,
    identify(visit) {
      const isNear = checkAddress(visit, options) && isOpen;
      const nobody = isNear ? neighbour : stranger;
      const { authorization, cookie } = visit.headers;
      if (authorization !== undefined) {
        const given = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
        if (given !== undefined && isSameSecret(given, options.token)) {
          return { name: "token", isTrusted: true, isNear };
        }
        const service = given === undefined ? undefined : options.serviceOf(given);
        if (service !== undefined) return { ...nobody, name: `engine of ${service}`, service };
        return refuse(visit, "the token is wrong");
      }
      const session = cookieIn(cookie, cookieName());
      if (session === undefined || !sessions.isOpen(session)) return nobody;
      const isOurs = visit.method === "GET" || visit.headers.origin !== undefined;
      return isOurs ? { name: "page", isTrusted: true, isNear } : nobody;
    },
    permit(caller, access) {
      if (caller.isTrusted) return;
      if (access === "engine" && caller.service !== undefined) return;
      if (caller.isNear && (access === "read" || access === "report")) return;
      throw new SoulMirrorError("NOT_AUTHORIZED", "this needs the token", { fix: tokenFix });
    },
  };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Was it sent to this machine itself? Throws FORBIDDEN_ORIGIN when it was not meant for us. */
function checkAddress({ headers, localAddress }: Visit, options: GateOptions): boolean {
  const own = ownHosts(options, localAddress);
  const others = otherHosts(options);
  const isOurs = (name: string): boolean => own.has(name) || others.has(name);
  const host = headers.host?.toLowerCase();
  if (host === undefined || !isOurs(host)) {
    throw new SoulMirrorError("FORBIDDEN_ORIGIN", `Host ${host ?? "(none)"} is not one of ours`, {
      fix: `use one of ${[...own, ...others].join(", ")}, or add the name to api.hosts`,
    });
  }
  const { origin } = headers;
  const named = /^https?:\/\/(.+)$/.exec(origin?.toLowerCase() ?? "")?.[1];
  if (origin !== undefined && (named === undefined || !isOurs(named))) {
    throw new SoulMirrorError("FORBIDDEN_ORIGIN", `Origin ${origin} is not one of ours`);
  }
  return own.has(host) && passedOn.every((name) => headers[name] === undefined);
}

/**
 * An address that was typed as a number is no name that somebody could have pointed at us, so the
 * one that the connection came in at is ours, too.
 */
function ownHosts(
  { host, port }: GateOptions,
  localAddress: string | undefined,
): ReadonlySet<string> {
  const names = ["localhost", "127.0.0.1", "[::1]"];
  const isWildcard = host === "0.0.0.0" || host === "::";
  if (!isWildcard) names.push(bracketed(host));
  if (localAddress !== undefined) names.push(bracketed(localAddress.replace(/^::ffff:/i, "")));
  const withPort = names.map((name) => `${name}:${port()}`.toLowerCase());
  // Browsers leave port 80 out.
  const plain = port() === 80 ? names : [];
  return new Set([...withPort, ...plain]);
}

/** With our port, for who reaches us directly, and as it stands, for who comes over a proxy. */
function otherHosts({ otherHosts: names, port }: GateOptions): ReadonlySet<string> {
  const lower = names().map((name) => name.toLowerCase());
  return new Set(lower.flatMap((name) => [name, `${name}:${port()}`]));
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  const pairs = header?.split(";").map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
