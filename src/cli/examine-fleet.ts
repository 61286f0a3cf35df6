/** The fleet file: is it valid and safe, are its programs there, are its ports free? */
import { existsSync } from "node:fs";
import type { Fleet, ServiceSpec } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import { findExecutable, isAlive, isPortFree, portHolder } from "../system/index.ts";
import { counted } from "./counted.ts";
import { readDaemonNote } from "./daemon-note.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";
import { examineVaults } from "./examine-vaults.ts";
import type { Place } from "./place.ts";
import { plainText } from "./plain-text.ts";
import { readFleet } from "./read-fleet.ts";
import { refuseUnsafe } from "./refuse-unsafe.ts";

export async function examineFleet(place: Place): Promise<readonly DoctorCheck[]> {
  if (!place.isOfFleet) {
    // A machine is looked at before it has one.
    return [warn("fleet file", "there is none here or above", noFleetFix)];
  }
  const path = pathOf(place);
  if (path instanceof SoulMirrorError) return [fail("fleet file", path.message, path.fix ?? "")];
  const result = readFleet({ path, port: place.port });
  if (!result.ok) {
    const [first] = result.error;
    const count = result.error.length;
    const problems = `${counted(count, "problem")}${count === 1 ? "" : ", first"}`;
    const told = `${path}: ${problems}: ${first?.key}: ${first?.message}`;
    return [fail("fleet file", told, "`soulmirror validate` shows all of them"), safety(path)];
  }
  const { fleet, warnings } = result.value;
  const services = Object.values(fleet.services);
  return [
    ok("fleet file", `${path}: fleet ${fleet.name}, ${counted(services.length, "service")}`),
    ...warnings.map((text) => warn("fleet file", text, "`soulmirror validate` shows where")),
    safety(path),
    ...services.map(program),
    ...(await ports(fleet, place)),
    ...(await examineVaults(fleet)),
  ];
}

const noFleetFix = "make one with `soulmirror init --write`, or name one with -c FILE";

function pathOf(place: Place): string | SoulMirrorError {
  try {
    return place.fleetPath;
  } catch (error) {
    if (error instanceof SoulMirrorError) return error;
    throw error;
  }
}

function safety(path: string): DoctorCheck {
  try {
    // What would be refused to root is worth knowing for everybody.
    refuseUnsafe(path, 0);
    return ok("fleet file", "nobody else may change it");
  } catch (error) {
    if (!(error instanceof SoulMirrorError)) throw error;
    const isRoot = process.getuid?.() === 0;
    const owner = process.getuid?.();
    if (!isRoot && error.message.includes(`belongs to user ${owner} `)) {
      return ok("fleet file", "it is ours");
    }
    const say = isRoot ? fail : warn;
    return say("fleet file", error.message, error.fix ?? "");
  }
}

function program({ name, command, cwd, env }: ServiceSpec): DoctorCheck {
  const [word = ""] = command;
  const found = findExecutable(word, { cwd, path: env["PATH"] ?? process.env["PATH"] ?? "" });
  if (!existsSync(cwd)) return fail(name, `its folder ${cwd} is missing`, "correct `cwd`");
  if (found !== undefined) return ok(name, found);
  return fail(name, `${word} is not found or not executable`, "install it, or correct `command`");
}

/** While the fleet is up its ports are held by it, as they should be. */
async function ports(fleet: Fleet, place: Place): Promise<readonly DoctorCheck[]> {
  const note = readDaemonNote(place.dataPath);
  if (note && isAlive(note)) return [ok("ports", "held by the fleet, which is up")];
  const wanted = [
    { who: "API", ...fleet.api },
    ...Object.values(fleet.services).flatMap(({ name, listen }) =>
      listen ? [{ who: name, ...listen }] : [],
    ),
  ];
  const found: DoctorCheck[] = [];
  for (const { who, host, port } of wanted) {
    if (await isPortFree(host, port)) found.push(ok(`port ${port}`, `free for ${who}`));
    else found.push(fail(`port ${port}`, `wanted by ${who}, ${holderOf(host, port)}`, portFix));
  }
  return found;
}

const portFix = "end what holds it, or choose another port in the fleet file";

function holderOf(host: string, port: number): string {
  const holder = portHolder(host, port);
  return holder
    ? `held by pid ${holder.pid} (${plainText(holder.command)})`
    : "held by somebody else";
}
