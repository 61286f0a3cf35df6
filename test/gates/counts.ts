/**
 * Reads what vitest's JSON reporter wrote. The counts are pessimistic: what did not run has failed,
 * so that no crash, no empty project and no skipped test can look like success.
 */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export function sum(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((total, each) => total + each.passed, 0),
    failed: all.reduce((total, each) => total + each.failed, 0),
  };
}

/** `text` is undefined when vitest died before it could write. */
export function countsOfReport(text: string | undefined, exitCode: number): Counts {
  const files = text === undefined ? [] : filesOf(JSON.parse(text));
  const counted = sum(files.map(countsOfFile));
  const isSilentFailure = exitCode !== 0 && counted.failed === 0;
  const isEmpty = counted.passed + counted.failed === 0;
  return isSilentFailure || isEmpty ? { ...counted, failed: counted.failed + 1 } : counted;
}

function countsOfFile(file: unknown): Counts {
  const record = recordOf(file);
  const tests = listOf(record["assertionResults"]);
  const passed = tests.filter((test) => recordOf(test)["status"] === "passed").length;
  const failed = tests.length - passed;
  // A file that cannot be loaded has no tests, and failed all the same.
  const isBroken = record["status"] === "failed" && failed === 0;
  return { passed, failed: isBroken ? 1 : failed };
}

function filesOf(report: unknown): readonly unknown[] {
  return listOf(recordOf(report)["testResults"]);
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
