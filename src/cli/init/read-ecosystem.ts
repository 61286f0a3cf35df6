/**
 * An ecosystem file as data. JSON and YAML are only parsed. JavaScript has to be run to be known:
 * that happens in a Node process of its own, with a deadline, without our environment, and what
 * comes back is JSON.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { failed, messageOf, type Result, success } from "../../kernel/index.ts";

const outputBytes = 4 * 1024 * 1024;
const marker = "ecosystem-as-json:";

const program = `
const loaded = await import(process.argv[1]);
process.stdout.write("\\n${marker}" + JSON.stringify(loaded.default ?? loaded) + "\\n");
process.exit(0);
`;

export async function readEcosystem(
  path: string,
  { deadlineMs = 5000 }: { readonly deadlineMs?: number } = {},
): Promise<Result<unknown>> {
  try {
    if (/\.[cm]?js$/.test(path)) return success(await runFile(path, deadlineMs));
    return success(parse(await readFile(path, "utf8"), { maxAliasCount: 100 }));
  } catch (error) {
    return failed(messageOf(error).split("\n", 1)[0] ?? "it cannot be read");
  }
}

function runFile(path: string, deadlineMs: number): Promise<unknown> {
  const { HOME, PATH, LANG, NODE_ENV } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ["--input-type=module", "--eval", program, pathToFileURL(path).href],
      {
        cwd: dirname(path),
        env: { HOME, PATH, LANG, NODE_ENV },
        timeout: deadlineMs,
        killSignal: "SIGKILL",
        maxBuffer: outputBytes,
      },
      (error, stdout, stderr) => {
        const start = stdout.lastIndexOf(marker);
        if (start >= 0) {
          const end = stdout.indexOf("\n", start);
          resolve(JSON.parse(stdout.slice(start + marker.length, end < 0 ? undefined : end)));
          return;
        }
        const isLate = error?.killed === true;
        const said = /^\w*Error\b.*$/m.exec(stderr)?.[0] ?? error?.message ?? "it says nothing";
        reject(new Error(isLate ? `it did not end within ${deadlineMs} ms` : said));
      },
    );
  });
}
