/**
 * A wall clock that a drill can move, for one process: libfaketime reads the offset from a file
 * each time. The monotonic clock stays real. Children of that process inherit the same clock.
 */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];

/** What a process must have in its environment, or undefined where libfaketime is not installed. */
export function fakeClock(clockFile: string): Readonly<Record<string, string>> | undefined {
  const library = findLibrary();
  if (library === undefined) return undefined;
  writeFileSync(clockFile, "+0");
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
  };
}

function findLibrary(): string | undefined {
  for (const folder of folders.filter((each) => existsSync(each))) {
    for (const inner of [
      "",
      ...readdirSync(folder).filter((name) => name.endsWith("-linux-gnu")),
    ]) {
      const path = join(folder, inner, "faketime/libfaketimeMT.so.1");
      if (existsSync(path)) return path;
    }
  }
  return undefined;
}
