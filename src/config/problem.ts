/** What is wrong with the configuration, where, and what to do about it. */
export interface ConfigProblem {
  /** Path of the file as it was handed in, or what else the value came from. */
  readonly file: string;
  /** Both count from 1; 0 where there is no line, as in an environment variable. */
  readonly line: number;
  readonly column: number;
  /** `services.trust-engine.stop.grace` */
  readonly key: string;
  readonly message: string;
  readonly fix: string;
  /** Others may write what root would follow. */
  readonly isUnsafe?: true;
}

/** One problem on two lines, the first of which editors and terminals make a link of. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, key, message, fix } = problem;
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  const about = key === "" ? message : `${key}: ${message}`;
  return fix === "" ? `${place} ${about}` : `${place} ${about}\n  fix: ${fix}`;
}
