/**
 * A real Prisma client. `prisma/generated.json` is what `prisma generate` (7.10.0) writes into
 * `internal/class.ts` for `prisma/schema.prisma`; the rest of what it writes are types. Its command
 * line is not installed: it brings 290 MB and a script that downloads programs.
 */
import { readFileSync } from "node:fs";
import { PrismaPg } from "@prisma/adapter-pg";
import { type GetPrismaClientConfig, getPrismaClient } from "@prisma/client/runtime/client";
import type { PoolConfig } from "pg";

export interface Account {
  readonly id: number;
  readonly name: string;
  readonly balance: number;
}

interface Note {
  readonly text: string;
}

interface Found extends PromiseLike<Account | null> {
  notes(): PromiseLike<readonly Note[]>;
}

type Where = { readonly where?: object; readonly data?: object };

export interface AccountTable {
  create(what: Where): PromiseLike<Account>;
  findMany(what?: Where): PromiseLike<Account[]>;
  findFirst(what?: Where): PromiseLike<(Account & { readonly shout?: string }) | null>;
  findUnique(what: Where): Found;
  updateMany(what: Where): PromiseLike<{ readonly count: number }>;
  count(what?: Where): PromiseLike<number>;
}

interface InTransaction {
  readonly account: AccountTable;
  readonly note: { create(what: Where): PromiseLike<Note> };
  $queryRaw<T>(text: TemplateStringsArray, ...values: unknown[]): PromiseLike<T>;
  $executeRawUnsafe(text: string): PromiseLike<number>;
}

interface TransactionOptions {
  readonly isolationLevel?: "Serializable";
}

export interface PrismaClient extends InTransaction {
  $on(event: "query", hear: (what: { readonly query: string }) => void): void;
  $transaction(all: readonly PromiseLike<unknown>[]): Promise<unknown[]>;
  $transaction<T>(
    work: (inside: InTransaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  $extends(what: object): PrismaClient;
  $disconnect(): Promise<void>;
}

const folder = new URL("prisma/", import.meta.url);
const base = "@prisma/client/runtime/query_compiler_fast_bg.postgresql";

/** Its types belong to the browser's. */
const wasmHost = Reflect.get(globalThis, "WebAssembly") as {
  readonly Module: new (bytes: Uint8Array) => object;
};

export function prismaOf(login: PoolConfig): PrismaClient {
  const text = readFileSync(new URL("generated.json", folder), "utf8");
  const config: GetPrismaClientConfig = {
    ...(JSON.parse(text) as GetPrismaClientConfig),
    inlineSchema: readFileSync(new URL("schema.prisma", folder), "utf8"),
    compilerWasm: {
      getRuntime: async () => (await import(`${base}.mjs`)) as never,
      getQueryCompilerWasmModule: async () => {
        const { wasm } = (await import(`${base}.wasm-base64.mjs`)) as { readonly wasm: string };
        return new wasmHost.Module(Buffer.from(wasm, "base64"));
      },
      importName: "./query_compiler_fast_bg.js",
    },
  };
  const Client = getPrismaClient(config) as unknown as new (options: object) => PrismaClient;
  return new Client({ adapter: new PrismaPg(login), log: [{ emit: "event", level: "query" }] });
}

/** What a migration would make of the schema. */
export const tables: readonly string[] = [
  `CREATE TABLE "Account" (id SERIAL PRIMARY KEY, name TEXT UNIQUE NOT NULL,
    balance INT NOT NULL DEFAULT 0)`,
  `CREATE TABLE "Note" (id SERIAL PRIMARY KEY, text TEXT NOT NULL,
    "accountId" INT NOT NULL REFERENCES "Account"(id))`,
];
