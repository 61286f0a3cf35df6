/** How far long work has come: one shape for all of it, so that it is shown in one way. */
export interface WorkProgress {
  /** What is done just now, as a person reads it: `comparing`. Rate and rest are of it alone. */
  readonly step: string;
  /** What is counted in this step. */
  readonly unit: "file" | "pack" | "snapshot";
  readonly count: number;
  /** Of this step, as far as that is known. */
  readonly expectedCount?: number | undefined;
  readonly bytes?: number | undefined;
  readonly expectedBytes?: number | undefined;
}

export type OnProgress = (progress: WorkProgress) => void;
