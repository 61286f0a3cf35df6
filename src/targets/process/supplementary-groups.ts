/**
 * Node starts a process of another user with the primary group alone. Where that user has more,
 * `setpriv` takes them on and then becomes the service itself: the pid stays.
 *
 * G1. It begins as root. What would make it load code or files that somebody else chose is taken
 *     from its environment, and handed to the service behind it.
 */
import { existsSync } from "node:fs";
import type { Account } from "./account.ts";

const tools = ["/usr/bin/setpriv", "/bin/setpriv"];
/** Whatever the C library takes from programs that run with more rights than their caller. */
const unsafe =
  /^(LD_.*|MALLOC_.*|GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|HOSTALIASES|LOCALDOMAIN|LOCPATH|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TMPDIR|TZDIR)$/;

type Environment = Readonly<Record<string, string>>;

export interface Identity {
  /** Words before the command. */
  readonly prefix: readonly string[];
  readonly env: Environment;
  readonly uid?: number;
  readonly gid?: number;
  /** Groups that could not be given. */
  readonly missing: readonly number[];
}

export function identityWith(
  { uid, gid, groups = [] }: Account,
  env: Environment,
  tool = tools.find((path) => existsSync(path)) ?? "",
): Identity {
  if (uid === undefined || gid === undefined || groups.length === 0 || tool === "") {
    const user = uid === undefined ? {} : { uid };
    return { prefix: [], env, ...user, ...(gid === undefined ? {} : { gid }), missing: groups };
  }
  const [handed, kept] = [true, false].map((isUnsafe) =>
    Object.entries(env).filter(([name]) => unsafe.test(name) === isUnsafe),
  );
  const words = (handed ?? []).map(([name, value]) => `${name}=${value}`);
  return {
    prefix: [
      tool,
      `--reuid=${uid}`,
      `--regid=${gid}`,
      `--groups=${groups.join(",")}`,
      "--",
      ...(words.length === 0 ? [] : ["/usr/bin/env", ...words]),
    ],
    env: Object.fromEntries(kept ?? []),
    missing: [],
  };
}
