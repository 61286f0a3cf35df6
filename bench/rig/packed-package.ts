/**
 * The package as a user gets it: built, packed, and installed into an empty project. What only
 * works in the checkout fails there.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const packed = [
  "package.json",
  "bin",
  "src",
  "tsconfig.base.json",
  "tsconfig.build.json",
  "rolldown.config.ts",
];
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "LICENSE",
  "CHANGELOG.md",
  "docs",
  "examples",
];

/** Packs a copy, so that the checkout gets no `dist/`. Returns the tarball. */
export async function packCheckout(folder: string): Promise<string> {
  const copy = join(folder, "copy");
  await mkdir(copy);
  for (const name of [...packed, ...documents]) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  const words = ["pack", "--silent", "--pack-destination", folder];
  const { stdout } = await run("npm", words, { cwd: copy }).catch((error: unknown) => {
    // The compiler says what is wrong where nobody looks for it.
    throw new Error(`npm pack: ${(error as { readonly stdout: string }).stdout}`, { cause: error });
  });
  return join(folder, stdout.trim().split("\n").at(-1) ?? "");
}

/** Into a new project inside of the folder. Returns the project. */
export async function installPackage(folder: string, tarball: string): Promise<string> {
  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "name": "empty", "private": true }\n');
  await run("npm", ["install", tarball, "--no-audit", "--no-fund"], { cwd: project });
  return project;
}

/** Lets a project find packages that only the checkout has installed. */
export async function lendPackages(project: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const place = join(project, "node_modules", name);
    await mkdir(join(place, ".."), { recursive: true });
    await symlink(join(root, "node_modules", name), place);
  }
}

export interface Footprint {
  readonly megabytes: number;
  readonly packages: number;
  /** Paths of packages that run code while they are installed. */
  readonly withInstallScript: readonly string[];
}

/** What the installation has brought; to be asked before packages are lent to it. */
export async function footprintOf(project: string): Promise<Footprint> {
  const lock = JSON.parse(await readFile(join(project, "package-lock.json"), "utf8")) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const installed = Object.entries(lock.packages).filter(([path]) => path !== "");
  const { stdout } = await run("du", ["-sk", join(project, "node_modules")]);
  return {
    megabytes: Number(stdout.split("\t")[0]) / 1024,
    packages: installed.length,
    withInstallScript: installed
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path),
  };
}
