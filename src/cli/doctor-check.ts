/** One thing that `doctor` looked at: how it is, and what to do where it is not well. */
export interface DoctorCheck {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  readonly detail: string;
  readonly fix?: string;
}

export function ok(name: string, detail: string): DoctorCheck {
  return { name, state: "ok", detail };
}

export function warn(name: string, detail: string, fix: string): DoctorCheck {
  return { name, state: "warn", detail, fix };
}

export function fail(name: string, detail: string, fix: string): DoctorCheck {
  return { name, state: "fail", detail, fix };
}
