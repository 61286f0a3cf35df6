/** Gives what is restored to whom it belonged; without the right to do that, it says so once. */
import { codeOf } from "./code-of.ts";

export interface Owned {
  readonly uid: number;
  readonly gid: number;
}

export class Ownership {
  readonly #warn: (message: string) => void;
  #hasWarned = false;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /**
   * @param change calls `chown`; not called when nothing is to change
   * @returns whether wanted and present owners are the same now
   */
  keep(wanted: Owned, present: Owned, change: (wanted: Owned) => void): boolean {
    if (wanted.uid === present.uid && wanted.gid === present.gid) return true;
    try {
      change(wanted);
      return true;
    } catch (error) {
      if (codeOf(error) !== "EPERM") throw error;
      if (!this.#hasWarned) {
        this.#warn(
          "owners and groups of some files are not restored, nor their setuid and setgid: " +
            "that takes root",
        );
      }
      this.#hasWarned = true;
      return false;
    }
  }
}

/** A program of another user must not become one of ours that runs with our rights. */
export function safePermissions(permissions: number, isOwnerKept: boolean): number {
  return isOwnerKept ? permissions : permissions & 0o1777;
}
