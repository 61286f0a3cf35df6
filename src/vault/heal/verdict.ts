/** What is to be done about a path that is not as it was, and by which rule of `judge.ts`. */

export const healRules = {
  H1: "not-quiet",
  H2: "unseen",
  H3: "other-mount",
  H4: "rot",
  H5: "not-held",
  H6: "unprotected",
  H7: "accepted",
  H8: "mass-rewrite",
  H9: "passing",
  H10: "moved",
  H11: "folder-replaced",
  H12: "git-busy",
  H13: "git",
  H14: "copied",
  H15: "open",
  H16: "fight",
  H17: "database-in-use",
  H18: "lost",
  H19: "lost-asked",
  H20: "leads-nowhere",
  H21: "edit",
  H22: "unread",
} as const;

export type HealRule = keyof typeof healRules;

export interface Reason {
  readonly rule: HealRule;
  readonly code: (typeof healRules)[HealRule];
  /** For people: what was seen, and what follows from it. */
  readonly sentence: string;
}

interface Judged {
  readonly reason: Reason;
  /** Nothing is forgotten until a person has looked. */
  readonly isSuspect: boolean;
}

export type Verdict =
  /** To be looked at again after `forMs`. */
  | (Judged & { readonly kind: "wait"; readonly forMs: number })
  | (Judged & { readonly kind: "heal" })
  | (Judged & { readonly kind: "leave" })
  | (Judged & { readonly kind: "ask" });

interface VerdictOptions {
  readonly isSuspect?: boolean;
}

type Settled = Exclude<Verdict["kind"], "wait">;

export function verdict(
  kind: Settled,
  [rule, sentence]: readonly [HealRule, string],
  { isSuspect = false }: VerdictOptions = {},
): Verdict {
  return { kind, reason: { rule, code: healRules[rule], sentence }, isSuspect };
}

export function waitFor(forMs: number, rule: HealRule, sentence: string): Verdict {
  return {
    kind: "wait",
    forMs,
    reason: { rule, code: healRules[rule], sentence },
    isSuspect: false,
  };
}
