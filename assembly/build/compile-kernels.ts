/**
 * Builds the kernels: AssemblyScript in, the text of a TypeScript file with the WebAssembly in
 * base64 out. The same sources give the same text on every machine, which a test holds us to, so
 * that the committed file is known to be what the sources say.
 */
import { fileURLToPath } from "node:url";

/** What we use of the compiler. Its own types would give AssemblyScript's arrays to all of us. */
interface Compiler {
  readonly main: (
    words: readonly string[],
    host: {
      readonly stderr: { write: (text: string | Uint8Array) => void };
      writeFile: (name: string, contents: Uint8Array | string) => void;
    },
  ) => Promise<{ readonly error: Error | null }>;
}

const compiler = "assemblyscript/asc";

/** Where the built text is kept. */
export const builtFile: string = fileURLToPath(
  new URL("../../src/platform/kernels/modules.ts", import.meta.url),
);

const modules = [
  { source: "poly1305.ts", name: "macModule" },
  { source: "cutter.ts", name: "cutterModule" },
];

const options = [
  "-O3",
  "--noAssert",
  // Nothing is allocated in the modules, and nothing is asked of their host.
  "--runtime=stub",
  "--use=abort=",
  "--enable=simd",
  // 192 KiB, for good.
  "--initialMemory=3",
  "--maximumMemory=3",
];

/** @throws Error with the compiler's complaints */
export async function compileKernels(): Promise<string> {
  const parts: string[] = [];
  for (const { source, name } of modules) parts.push(declaration(name, await bytesOf(source)));
  return `/** Written by \`npm run kernels\` from the sources in \`assembly/\`. Not to be edited. */
${parts.join("")}`;
}

async function bytesOf(source: string): Promise<Uint8Array> {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  let built: Uint8Array | undefined;
  let complaints = "";
  const { main } = (await import(compiler)) as Compiler;
  const { error } = await main(
    [source, "--baseDir", folder, "--outFile", "module.wasm", ...options],
    {
      stderr: {
        write: (text) => {
          complaints += String(text);
        },
      },
      writeFile: (_name, contents) => {
        if (typeof contents !== "string") built = contents;
      },
    },
  );
  if (error !== null || built === undefined) {
    throw new Error(`${source} does not compile:\n${complaints}`, { cause: error });
  }
  return built;
}

function declaration(name: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,92}/g) ?? [];
  const text = lines.map((line) => `  "${line}",\n`).join("");
  return `\nexport const ${name}: readonly string[] = [\n${text}];\n`;
}
