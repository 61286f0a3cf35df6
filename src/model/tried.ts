/** What was tried about one resource; kept for a while after it is well, should it come back. */
export interface Tried {
  readonly incident: string;
  readonly attempts: readonly Attempted[];
  /** Wall milliseconds when it was well again; undefined while it is not. */
  readonly closedAt?: number;
  readonly healedBy?: HealedBy;
}

export interface Attempted {
  readonly strategy: string;
  /** The plan. */
  readonly action: string;
  readonly helped?: boolean | undefined;
}

/** The action that was found to have helped. */
export interface HealedBy {
  readonly action: string;
  readonly strategy: string;
}

/** What was healed has come back: it speaks against what seemed to help, verdict or not. */
export interface Relapse extends HealedBy {
  /** The failure that came back. */
  readonly failure: string;
  readonly wellForMs: number;
}

/** An incident that is over, and may be reopened. */
export interface ResolvedLately {
  readonly incident: string;
  /** Wall milliseconds. */
  readonly at: number;
}

/** Instances that recoveries have added to what was declared then. */
export interface Scaled {
  readonly service: string;
  /** The actions that added one each. */
  readonly actions: readonly string[];
  readonly instances: number;
  readonly scaleMax: number;
}
