/**
 * Looks around in a folder for what already says how its software is run, and makes a fleet file
 * of it. Of several files that tell the same story the most detailed one is believed: PM2's, then
 * the Procfile, then package.json; containers and listening ports are watched besides.
 */
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { messageOf } from "../../kernel/index.ts";
import {
  type Draft,
  type DraftPart,
  draftName,
  listOf,
  nothing,
  type Unmapped,
  wholeFile,
} from "./draft.ts";
import { fromCompose } from "./from-compose.ts";
import { fromEcosystem } from "./from-ecosystem.ts";
import { fromListeningPorts, listeningPorts } from "./from-listening-ports.ts";
import { fromPackageJson } from "./from-package-json.ts";
import { fromProcfile } from "./from-procfile.ts";
import { keepSecretsOut } from "./keep-secrets-out.ts";
import { readEcosystem } from "./read-ecosystem.ts";
import { writeFleetFile } from "./write-fleet-file.ts";

export interface LookingAround {
  /** The fleet file. */
  readonly text: string;
  /** Names of the files that something was taken from. */
  readonly found: readonly string[];
  readonly services: readonly string[];
  readonly resources: readonly string[];
  readonly unmapped: readonly Unmapped[];
}

export interface LookOptions {
  readonly folder: string;
  /** Look at this file alone. */
  readonly file?: string;
  /** Texts of /proc/net/tcp and tcp6; default: those of this machine. */
  readonly procNetTcp?: readonly string[];
  readonly schema?: string;
}

const ecosystemFiles: readonly string[] = [
  "ecosystem.config",
  "pm2.config",
  "ecosystem",
  "process",
].flatMap((name) =>
  ["js", "cjs", "mjs", "json", "yml", "yaml"].map((ending) => `${name}.${ending}`),
);

interface Kind {
  /** Where it is looked for. */
  readonly files: readonly string[];
  /** A file of another name that a person has named. */
  isOne(name: string): boolean;
}

const kinds: Readonly<Record<"ecosystem" | "procfile" | "manifest" | "compose", Kind>> = {
  ecosystem: {
    files: ecosystemFiles,
    isOne: (name) => /\.(?:[cm]?js|json|ya?ml)$/.test(name) && /ecosystem|pm2|process/.test(name),
  },
  procfile: { files: ["Procfile"], isOne: (name) => /procfile/i.test(name) },
  manifest: { files: ["package.json"], isOne: (name) => name === "package.json" },
  compose: {
    files: ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"],
    isOne: (name) => /compose.*\.ya?ml$/.test(name),
  },
};

/** Can something be taken from a file of that name? */
export function isKnownFile(name: string): boolean {
  return Object.values(kinds).some((kind) => kind.isOne(name));
}

export async function lookAround(options: LookOptions): Promise<LookingAround> {
  const folder = resolve(options.folder);
  const { file } = options;
  const names = (kind: Kind): readonly string[] =>
    file === undefined ? kind.files : kind.isOne(file) ? [file] : [];
  const ecosystem = await firstOf(folder, names(kinds.ecosystem), (name) =>
    ecosystemOf(folder, name),
  );
  const procfile = await firstOf(folder, names(kinds.procfile), (name, text) =>
    fromProcfile(text, name),
  );
  const manifest = await firstOf(folder, names(kinds.manifest), (name, text) =>
    fromPackageJson(text, name),
  );
  const compose = await firstOf(folder, names(kinds.compose), composeOf);
  const tellers = [ecosystem, procfile, manifest];
  const teller = tellers.find(({ draft }) => draft.services.length > 0) ?? manifest;
  const used = [teller, compose];
  // What could not be read is told also when somebody else tells the story.
  const unread = teller === ecosystem ? [] : ecosystem.draft.unmapped;
  const others = tellers.filter((each) => each !== teller && !isEmpty(each.draft));
  const untold = others.map(({ name }) => ({
    source: name,
    key: wholeFile,
    why: `${teller.name} says how the services are run`,
  }));
  const draft = keepSecretsOut(
    together(
      ...used.map((found) => found.draft),
      { ...nothing, unmapped: [...unread, ...untold] },
      file === undefined ? fromListeningPorts(await portsOf(options)) : nothing,
    ),
  );
  return {
    text: writeFleetFile(draft, {
      fleet: draftName(basename(folder)),
      ...(options.schema === undefined ? {} : { schema: options.schema }),
    }),
    found: used.flatMap((each) => (isEmpty(each.draft) ? [] : each.name)),
    services: draft.services.map(({ name }) => name),
    resources: draft.resources.map(({ name }) => name),
    unmapped: draft.unmapped,
  };
}

interface Found {
  readonly name: string;
  readonly draft: Draft;
}

/** The first of the files that is there and says anything. */
async function firstOf(
  folder: string,
  names: readonly string[],
  draftOf: (name: string, text: string) => Draft | Promise<Draft>,
): Promise<Found> {
  for (const name of names) {
    const text = await textOf(join(folder, name));
    if (text === undefined) continue;
    const draft = await draftOf(name, text);
    // `process.json` may be anything.
    if (!isEmpty(draft) || draft.unmapped.length > 0) return { name, draft };
  }
  return { name: "", draft: nothing };
}

function isEmpty({ services, resources }: Draft): boolean {
  return services.length + resources.length === 0;
}

async function ecosystemOf(folder: string, name: string): Promise<Draft> {
  const parsed = await readEcosystem(join(folder, name));
  if (parsed.ok) return fromEcosystem(parsed.value, name);
  return {
    ...nothing,
    unmapped: [{ source: name, key: wholeFile, why: `it cannot be read: ${parsed.error}` }],
  };
}

function composeOf(name: string, text: string): Draft {
  try {
    return fromCompose(parse(text, { merge: true, maxAliasCount: 100 }), name);
  } catch (error) {
    const why = `it cannot be read: ${messageOf(error).split("\n", 1)[0]}`;
    return { ...nothing, unmapped: [{ source: name, key: wholeFile, why }] };
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    // Not there, or not for us: then there is nothing to take over.
    return undefined;
  }
}

async function portsOf({ procNetTcp }: LookOptions): Promise<readonly number[]> {
  const own = async (): Promise<readonly (string | undefined)[]> =>
    Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map(textOf));
  const texts = procNetTcp ?? (await own());
  return [...new Set(texts.flatMap((text) => listeningPorts(text ?? "")))].sort((a, b) => a - b);
}

/** Names are given once; a port that is spoken for already is not watched a second time. */
function together(...drafts: readonly Draft[]): Draft {
  const services = numbered(drafts.flatMap((draft) => draft.services));
  const taken = new Set(services.map(({ keys }) => keys["listen"]));
  const resources: Draft["resources"][number][] = [];
  for (const part of drafts.flatMap((draft) => draft.resources)) {
    const { port } = part.keys;
    if (port !== undefined && taken.has(port)) continue;
    if (port !== undefined) taken.add(port);
    resources.push(part);
  }
  const names = new Set(resources.map(({ name }) => name));
  return {
    services,
    resources: numbered(resources.map((part) => withNeedsAmong(names, part))),
    unmapped: drafts.flatMap((draft) => draft.unmapped),
  };
}

/** What was left out above cannot be needed. */
function withNeedsAmong(names: ReadonlySet<string>, part: DraftPart): DraftPart {
  const { depends_on: needs, ...rest } = part.keys;
  const kept = listOf(needs).filter((need) => names.has(String(need))) as readonly string[];
  return { ...part, keys: kept.length === 0 ? rest : { ...rest, depends_on: kept } };
}

function numbered<T extends { readonly name: string }>(parts: readonly T[]): readonly T[] {
  const names = new Set<string>();
  return parts.map((part) => {
    let name = part.name;
    for (let count = 2; names.has(name); count += 1) name = `${part.name}-${count}`;
    names.add(name);
    return { ...part, name };
  });
}
