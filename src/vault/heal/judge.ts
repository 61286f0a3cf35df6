/**
 * Is a path that is not as it was to be healed, to be left, or is somebody to be asked? The rules
 * and the cases behind them are in `docs/vault/heal-cases.md`; this file is those rules, in order.
 *
 * J1. The first rule that applies decides, and the verdict names it.
 * J2. Pure: the same facts and limits give the same verdict.
 * J3. Nothing is healed without an expected entry, and nothing that no category says `restore` of.
 * J4. What is told to wait is told so for a limited time; then another rule decides.
 */
import { textOfRawPath } from "../raw-path.ts";
import type { SourceEntry } from "../tree-source.ts";
import {
  hasEqualMarks,
  hasMoved,
  isChangedUnderMarks,
  isEmptied,
  isMass,
  isMoved,
  isProven,
  isTakenByGit,
} from "./evidence.ts";
import type { HealFacts, SeenEntry } from "./facts.ts";
import { defaultHealLimits, type HealLimits } from "./heal-limits.ts";
import { hasCompanion, isGitsOwn, isPassingName } from "./passing-names.ts";
import { type Verdict, verdict, waitFor } from "./verdict.ts";

type Rule = (facts: HealFacts, limits: HealLimits) => Verdict | undefined;
type RuleOfLoss = (facts: Loss, limits: HealLimits) => Verdict | undefined;

/** Something was expected, and is gone or emptied. */
type Loss = HealFacts & { readonly expected: SourceEntry };

const rules: readonly Rule[] = [
  beforeQuiet,
  unseen,
  otherMount,
  unreadUnderMarks,
  rot,
  notHeld,
  unprotected,
  accepted,
  massRewrite,
  unread,
  ofLoss(passing),
  ofLoss(moved),
  folderReplaced,
  ofLoss(gitBusy),
  ofLoss(takenByGit),
  ofLoss(copied),
  ofLoss(heldOpen),
  ofLoss(fight),
  ofLoss(databaseInUse),
  ofLoss(lost),
  leadsNowhere,
];

export function judge(facts: HealFacts, limits: HealLimits = defaultHealLimits): Verdict {
  for (const rule of rules) {
    const found = rule(facts, limits);
    if (found !== undefined) return found;
  }
  return verdict("leave", ["H21", "It was changed by a person or a program: an edit stays."]);
}

function ofLoss(rule: RuleOfLoss): Rule {
  return (facts, limits) => {
    const { expected, now } = facts;
    if (expected === undefined) return undefined;
    const isLost = now.kind === "gone" || (now.kind === "there" && isEmptied(expected, now));
    return isLost ? rule({ ...facts, expected }, limits) : undefined;
  };
}

function beforeQuiet({ quietMs, waitedMs }: HealFacts, limits: HealLimits): Verdict | undefined {
  if (quietMs >= limits.quietMs || waitedMs >= limits.restlessMs) return undefined;
  return waitFor(limits.quietMs - quietMs, "H1", "Something is still changing there.");
}

function unseen({ now }: HealFacts): Verdict | undefined {
  if (now.kind !== "unseen") return undefined;
  const sentence = `It cannot be seen (${now.code}), so nobody can say that it is lost.`;
  return verdict("ask", ["H2", sentence]);
}

function otherMount({ mount }: HealFacts): Verdict | undefined {
  if (mount.before === mount.now) return undefined;
  const sentence = `Mounted there was ${mount.before} and is ${mount.now}: nothing is restored into another disk.`;
  return verdict("ask", ["H3", sentence], { isSuspect: true });
}

/** Equal marks without the content say nothing, also of what no category protects (H4). */
function unreadUnderMarks(facts: HealFacts, limits: HealLimits): Verdict | undefined {
  const { expected, now } = facts;
  if (expected === undefined || now.kind !== "there") return undefined;
  return hasEqualMarks(expected, now.entry) ? unread(facts, limits) : undefined;
}

function unread({ expected, now, waitedMs }: HealFacts, limits: HealLimits): Verdict | undefined {
  if (expected?.kind !== "file" || expected.sizeBytes === 0 || now.kind !== "there") {
    return undefined;
  }
  if (now.entry.kind !== "file" || now.content !== "unread") return undefined;
  const what = "No index names what was saved of it, so nobody can compare it";
  return waitedMs < limits.unreadMs
    ? waitFor(limits.quietMs, "H22", `${what} yet.`)
    : verdict("ask", ["H22", `${what}.`]);
}

function rot(facts: HealFacts, limits: HealLimits): Verdict | undefined {
  const { expected, now, policy } = facts;
  if (expected === undefined || now.kind !== "there") return undefined;
  if (!isChangedUnderMarks(expected, now)) return undefined;
  if (!isProven(expected, now.provenNs, limits)) {
    const sentence =
      "Its content differs, and may have been written in the moment in which it was saved.";
    return verdict("leave", ["H4", sentence]);
  }
  const what = "Its content changed and nobody wrote it: size, times and inode are what they were";
  const doubt = doubtOfRot(now, facts, limits);
  if (doubt !== undefined) return verdict("ask", ["H4", `${what}; ${doubt}.`]);
  return policy === "restore"
    ? verdict("heal", ["H4", `${what}.`])
    : verdict("ask", ["H4", `${what}; no category says that it is to be restored.`]);
}

function doubtOfRot(now: SeenEntry, facts: HealFacts, limits: HealLimits): string | undefined {
  if (now.isMappedForWriting) return "but a process has it mapped for writing";
  if (facts.recentHeals < limits.fights) return undefined;
  return `it was restored ${facts.recentHeals} times of late`;
}

function notHeld({ expected, now }: HealFacts): Verdict | undefined {
  if (expected === undefined) return verdict("leave", ["H5", "No good snapshot holds it."]);
  const isStillEmpty =
    expected.kind === "file" &&
    expected.sizeBytes === 0 &&
    now.kind === "there" &&
    now.entry.kind === "file" &&
    now.entry.sizeBytes === 0;
  return isStillEmpty ? verdict("leave", ["H5", "It was empty before."]) : undefined;
}

function unprotected({ policy }: HealFacts): Verdict | undefined {
  if (policy !== "leave") return undefined;
  return verdict("leave", ["H6", "No category says that it is to be restored or asked about."]);
}

function accepted({ isAccepted }: HealFacts): Verdict | undefined {
  return isAccepted ? verdict("leave", ["H7", "It was accepted by `vault accept`."]) : undefined;
}

function massRewrite(facts: HealFacts, limits: HealLimits): Verdict | undefined {
  const { burst, git } = facts;
  if (!isMass(burst.rewritten, facts, limits)) return undefined;
  if (git !== undefined && hasMoved(git.before, git.now)) return undefined;
  const sentence = `At once, ${burst.rewritten} of ${burst.protectedFiles} protected files were rewritten.`;
  return verdict("ask", ["H8", sentence], { isSuspect: true });
}

function passing(facts: Loss, limits: HealLimits): Verdict | undefined {
  const { path, beside, heldMs, isOfDatabase, git } = facts;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isPassing =
    (isGitsOwn(path) && git?.isSound === true) ||
    isPassingName({ name, beside, isShortLived: heldMs < limits.shortLivedMs, isOfDatabase });
  return isPassing
    ? verdict("leave", ["H9", "Files of this name come and go by their nature."])
    : undefined;
}

function moved({ expected, elsewhere }: Loss): Verdict | undefined {
  if (elsewhere === undefined || !isMoved(expected, elsewhere)) return undefined;
  const place = textOfRawPath(elsewhere.path);
  return elsewhere.isInSource
    ? verdict("leave", ["H10", `It was moved to ${place}.`])
    : verdict("ask", ["H10", `It was moved to ${place}, where nothing protects it.`]);
}

function folderReplaced({ now }: HealFacts): Verdict | undefined {
  if (now.kind !== "gone" || now.above === "folder") return undefined;
  return now.above === "link"
    ? verdict("leave", ["H11", "A folder above it became a link, behind which it is there."])
    : verdict("ask", ["H11", "A folder above it has become something else."]);
}

function gitBusy({ git, waitedMs }: Loss, limits: HealLimits): Verdict | undefined {
  if (git === undefined || !git.isBusy || waitedMs >= limits.busyMs) return undefined;
  return waitFor(limits.quietMs, "H12", "Git is at work in its repository.");
}

function takenByGit({ git }: Loss): Verdict | undefined {
  if (git === undefined || !isTakenByGit(git)) return undefined;
  return verdict("leave", ["H13", "Git took it away, and does not expect it any more."]);
}

function copied({ now, copy }: Loss): Verdict | undefined {
  if (now.kind === "gone" || copy === undefined) return undefined;
  return verdict("leave", ["H14", `What it held lives on in ${textOfRawPath(copy)}.`]);
}

function heldOpen({ now, waitedMs }: Loss, limits: HealLimits): Verdict | undefined {
  if (now.kind !== "there" || !now.isOpenForWriting) return undefined;
  return waitedMs < limits.openMs
    ? waitFor(limits.quietMs, "H15", "It is empty, and a process is about to write it.")
    : verdict("ask", ["H15", "It is empty, and a process holds it open for writing."]);
}

function fight({ recentHeals }: Loss, limits: HealLimits): Verdict | undefined {
  if (recentHeals < limits.fights) return undefined;
  const sentence = `It was restored ${recentHeals} times of late and is lost again: something removes it.`;
  return verdict("ask", ["H16", sentence], { isSuspect: true });
}

function databaseInUse({ path, beside }: Loss): Verdict | undefined {
  if (!hasCompanion(path.slice(path.lastIndexOf("/") + 1), beside)) return undefined;
  const sentence =
    "A log or journal of this database is there: with an older database it may do harm.";
  return verdict("ask", ["H17", sentence]);
}

function lost(facts: Loss, limits: HealLimits): Verdict {
  const { policy, now, burst } = facts;
  const isGone = now.kind === "gone";
  const what = isGone ? "It is gone" : "It was emptied";
  const advice = "if that was meant, say `vault accept` of this path before you do it again";
  // Told when it is back.
  return policy === "restore"
    ? verdict("heal", ["H18", `${isGone ? "It was gone" : what}; ${advice}.`], {
        isSuspect: isMass(burst.lost, facts, limits),
      })
    : verdict("ask", ["H19", `${what}.`], { isSuspect: isMass(burst.lost, facts, limits) });
}

function leadsNowhere({ now }: HealFacts): Verdict | undefined {
  if (now.kind !== "there" || !now.leadsNowhere) return undefined;
  return verdict("ask", ["H20", "A link took its place, and leads nowhere."]);
}
