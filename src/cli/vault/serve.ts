/**
 * `soulmirror vault serve`: a folder of repositories for other machines, until it is told to stop.
 * Restic is its client as well: `restic -r rest:http://...`.
 */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { messageOf, parseBytes, SoulMirrorError } from "../../kernel/index.ts";
import {
  openVaultServer,
  passwordLine,
  passwordRecord,
  readPasswordLines,
  type VaultServerOptions,
} from "../../platform/vault-server/index.ts";
import { randomPool, readPlainFile, realClock } from "../../system/index.ts";
import type { Context, Options } from "../command.ts";
import { plainLines } from "../plain-text.ts";
import { interruptible } from "./interruptible.ts";

const usualAddress = "127.0.0.1:8000";

export const serve = interruptible(async (context, signal) => {
  const { args, options, out } = context;
  const user = options.text("makeLine");
  if (user !== undefined) return await printLine(context, user);
  await using server = await openVaultServer({
    ...optionsOf(options),
    folder: args[0] ?? "",
    clock: realClock,
    onNotice: ({ from, method, path, reason, status }) =>
      out.note(plainLines(`refused: ${status} ${method} ${path} from ${from}: ${reason}`)),
  });
  const { url } = server;
  if (out.isJson) out.write(JSON.stringify({ kind: "serving", url }));
  else out.write(`Serving at ${url}; Ctrl-C ends it.`);
  if (!signal.aborted) await once(signal, "abort");
  // That is how it is meant to end.
  return 0;
});

function optionsOf(options: Options): Omit<VaultServerOptions, "folder" | "clock"> {
  const { host, port } = addressOf(options.text("listen") ?? usualAddress);
  const passwords = options.text("passwordFile");
  const [key, certificate] = [options.text("tlsKey"), options.text("tlsCert")];
  if ((key === undefined) !== (certificate === undefined)) {
    throw wrong("--tls-key and --tls-cert go together", "name both files");
  }
  const tls =
    key === undefined || certificate === undefined
      ? {}
      : { tls: { key: textOf(key), certificate: textOf(certificate) } };
  return {
    host,
    port,
    ...tls,
    ...limitOf(options),
    ...(passwords === undefined ? {} : { users: usersOf(passwords) }),
    isAppendOnly: options.has("appendOnly"),
    arePrivate: options.has("private"),
    isOpen: options.has("open"),
  };
}

function addressOf(written: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port = ""] =
    /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(written) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || host === "" || Number(port) > 65_535) {
    throw wrong(`--listen wants HOST:PORT, not "${written}"`, `write ${usualAddress}`);
  }
  return { host, port: Number(port) };
}

function limitOf(options: Options): { maxBytes?: number } {
  const written = options.text("maxSize");
  if (written === undefined) return {};
  const maxBytes = parseBytes(written);
  if (maxBytes !== undefined && maxBytes > 0) return { maxBytes };
  throw wrong(`--max-size wants a size, not "${written}"`, "write 500GB");
}

function usersOf(path: string): NonNullable<VaultServerOptions["users"]> {
  const users = readPasswordLines(textOf(path));
  if (!users.ok) throw wrong(`${path}: ${users.error}`, "make lines with --make-line USER");
  // Without users everybody would be let in, which nobody means who names a file.
  if (users.value.length === 0) throw wrong(`${path} names no user`, "add one with --make-line");
  return users.value;
}

function textOf(path: string): string {
  try {
    return readPlainFile(path);
  } catch (error) {
    throw wrong(`${path} cannot be read: ${messageOf(error)}`, "check the path");
  }
}

async function printLine({ out }: Context, user: string): Promise<number> {
  const password = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (password === "") throw wrong("no password came on stdin", "write printf %s PASSWORD | ...");
  const line = passwordLine(await passwordRecord(user, password, Buffer.from(randomPool()(16))));
  if (!readPasswordLines(line).ok) throw wrong(`"${user}" is no name of a user`, "write letters");
  out.show({ line }, () => line);
  return 0;
}

function wrong(message: string, fix: string): SoulMirrorError {
  return new SoulMirrorError("BAD_REQUEST", message, { fix });
}
