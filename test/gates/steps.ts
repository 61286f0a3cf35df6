/**
 * All that must hold before a change is kept, in order of cost. `npm test` and `npm run verify` run
 * the same list; the gates are scripts of package.json, so that each can be run by hand as well.
 */
export interface Step {
  readonly name: string;
  /** A gate counts as one test; a project is a vitest project and counts its own. */
  readonly kind: "gate" | "project";
  /** Left out for everybody else, and counted as such (`left-out.ts`). */
  readonly needsRoot?: true;
}

export const steps: readonly Step[] = [
  { name: "format", kind: "gate" },
  { name: "types", kind: "gate" },
  { name: "lint", kind: "gate" },
  { name: "tidy", kind: "project" },
  { name: "unit", kind: "project" },
  { name: "property", kind: "project" },
  { name: "conformance", kind: "project" },
  { name: "simulation", kind: "project" },
  { name: "integration", kind: "project" },
  { name: "alone", kind: "project" },
  { name: "privileged", kind: "project", needsRoot: true },
];

const scriptByGate: Readonly<Record<string, string>> = { format: "format:check" };

export function scriptOf(gate: Step): string {
  return scriptByGate[gate.name] ?? gate.name;
}

const isRoot: boolean = process.getuid?.() === 0;

/**
 * The steps that were asked for by name; all of them when none was. Who asks for one by name that
 * they cannot run is refused: nothing that did not run may look like a success.
 */
export function chosenSteps(names: readonly string[], mayAll: boolean = isRoot): readonly Step[] {
  const known = steps.map((step) => step.name);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new Error(`There is no step "${stranger}". The steps are: ${known.join(", ")}.`);
  }
  const forRoot = steps.find((step) => names.includes(step.name) && !isOpenTo(step, mayAll));
  if (forRoot !== undefined) throw new Error(`The step "${forRoot.name}" needs root.`);
  return names.length === 0 ? steps : steps.filter((step) => names.includes(step.name));
}

export function isOpenTo(step: Step, mayAll: boolean = isRoot): boolean {
  return mayAll || step.needsRoot !== true;
}
