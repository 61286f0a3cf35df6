import type { Account } from "./account.ts";

/**
 * The environment of a service: what the daemon itself was given, without its own settings and
 * secrets (`SOULMIRROR_*`); then the file's; then what only we know.
 */
export function inheritedEnvironment(
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && !name.startsWith("SOULMIRROR_")) inherited[name] = value;
  }
  return inherited;
}

export interface EnvironmentParts {
  readonly inherited: Readonly<Record<string, string>>;
  readonly declared: Readonly<Record<string, string>>;
  readonly given: Readonly<Record<string, string>>;
  readonly account: Account;
  readonly service: string;
  readonly number: number;
  readonly cwd: string;
  /** Set where the front proxy owns the service's address. */
  readonly port?: number;
}

export function serviceEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { account, port } = parts;
  return {
    ...parts.inherited,
    // What is inherited is where the daemon was started.
    PWD: parts.cwd,
    ...(account.home === undefined ? {} : { HOME: account.home }),
    ...(account.name === undefined ? {} : { USER: account.name, LOGNAME: account.name }),
    ...parts.declared,
    ...parts.given,
    SOULMIRROR_SERVICE: parts.service,
    // As PM2 and others count: from 0.
    NODE_APP_INSTANCE: String(parts.number - 1),
    ...(port === undefined ? {} : { PORT: String(port) }),
  };
}
