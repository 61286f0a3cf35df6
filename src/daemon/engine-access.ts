/**
 * What a service needs so that its engine can talk to this daemon: where it is, and a token that
 * opens nothing but that.
 *
 * 1. The token of a service is made of its name and the daemon's own token, by HMAC: it needs no
 *    memory, is the same for every daemon of this data directory (services outlive daemons), and
 *    says nothing of what it was made of.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { instanceOf, type ResourceId } from "../model/index.ts";

interface Opened {
  readonly url: string;
  readonly key: string;
  readonly state: string;
}

export interface EngineDoor {
  readonly host: string;
  readonly port: number;
  /** That of the daemon. */
  readonly token: string;
  /** The folder where engines keep what they were told. */
  readonly state: string;
}

export class EngineAccess {
  #opened: Opened | undefined;

  /** Before that nothing is started, and nobody is let in. */
  open({ host, port, token, state }: EngineDoor): void {
    const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    const shown = reached.includes(":") ? `[${reached}]` : reached;
    this.#opened = { url: `http://${shown}:${port}`, key: token, state };
  }

  /** What the daemon adds to the environment of an instance. */
  environmentOf(resource: ResourceId): Readonly<Record<string, string>> {
    const service = instanceOf(resource)?.service;
    if (this.#opened === undefined || service === undefined) return {};
    const { url, key, state } = this.#opened;
    const token = tokenOf(service, key);
    return { SOULMIRROR_ENDPOINT: url, SOULMIRROR_TOKEN: token, SOULMIRROR_STATE: state };
  }

  /** Whose token that is; undefined when it is none of ours. */
  serviceOf(given: string): string | undefined {
    const service = given.slice(0, Math.max(0, given.lastIndexOf(".")));
    if (this.#opened === undefined || service === "") return undefined;
    const wanted = Buffer.from(tokenOf(service, this.#opened.key));
    const shown = Buffer.from(given);
    const isIt = shown.length === wanted.length && timingSafeEqual(shown, wanted);
    return isIt ? service : undefined;
  }
}

function tokenOf(service: string, key: string): string {
  const seal = createHmac("sha256", key).update(`engine of ${service}`).digest("base64url");
  return `${service}.${seal}`;
}
