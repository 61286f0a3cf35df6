/**
 * The cases of `docs/vault/heal-cases.md` as facts, by their ids: each row there has its entry
 * here, and the other way round, with the same verdict by the same rule; a test holds them
 * together.
 */
import type { HealFacts } from "./facts.ts";
import {
  elsewhere,
  facts,
  file,
  folder,
  git,
  gone,
  later,
  link,
  rawPath,
  snapshotNs,
  there,
} from "./heal-facts-bench.ts";
import type { HealRule, Verdict } from "./verdict.ts";

interface HealCase {
  readonly verdict: Verdict["kind"];
  readonly rule: HealRule;
  readonly isSuspect: boolean;
  readonly facts: HealFacts;
}

const evidence = "ask";
const integration = "leave";
const none = "leave";

const anew = { inode: 9n, mtimeNs: later, ctimeNs: later };
const written = { mtimeNs: later, ctimeNs: later };
const replaced = there(file({ ...anew, sizeBytes: 120 }));
const emptied = there(file({ ...written, sizeBytes: 0 }));
const rotten = there(file(), { content: "differs" });
const mass = { rewritten: 500, lost: 1, protectedFiles: 1000 };
const massLoss = { rewritten: 0, lost: 1000, protectedFiles: 1000 };
const moved = elsewhere("/source/production/name2");
const below = (path: string): Pick<HealFacts, "path"> => ({ path: rawPath(`/source/${path}`) });

type More = Partial<HealFacts>;

function left(rule: HealRule, more: More): HealCase {
  return { verdict: "leave", rule, isSuspect: false, facts: facts(more) };
}

function edit(more: Parameters<typeof file>[0]): HealCase {
  return left("H21", { now: there(file(more)) });
}

function byGit(moves: Parameters<typeof git>[0], more: Parameters<typeof git>[1] = {}): HealCase {
  return left("H13", { git: git(moves, more) });
}

function passes(path: string, more: More = {}): HealCase {
  return left("H9", { ...below(path), ...more });
}

function waits(rule: HealRule, more: More): HealCase {
  return { verdict: "wait", rule, isSuspect: false, facts: facts(more) };
}

function heals(more: More = {}, rule: HealRule = "H18", isSuspect = false): HealCase {
  return { verdict: "heal", rule, isSuspect, facts: facts(more) };
}

function asks(rule: HealRule, more: More, isSuspect = false): HealCase {
  return { verdict: "ask", rule, isSuspect, facts: facts(more) };
}

const leftAlone: Readonly<Record<string, HealCase>> = {
  E1: left("H21", { now: replaced }),
  E2: edit({ ...written, sizeBytes: 130 }),
  E3: edit({ ...anew, sizeBytes: 99 }),
  E4: passes("production/.name.swp"),
  E5: passes("production/name~", { beside: ["name"] }),
  E6: left("H21", { now: replaced }),
  E7: left("H21", { now: replaced, ...below(".hidden/name") }),
  E8: byGit({ head: "ref: refs/heads/other", commit: "b", logBytes: 200 }),
  E9: byGit({ commit: "b", logBytes: 200 }),
  E10: byGit({ head: "b", commit: "b", logBytes: 300 }),
  E11: byGit({ stash: "s", logBytes: 200 }),
  E12: byGit({ stash: "s" }, { wasHeld: true }),
  E13: byGit({ logBytes: 200 }),
  E14: byGit({}),
  E15: byGit({}),
  E16: left("H21", { now: replaced, git: git({}, { isHeld: true }) }),
  E17: left("H21", { now: replaced, burst: mass, git: git({ commit: "b" }, { isHeld: true }) }),
  E18: left("H6", { policy: none, git: git({}, { wasHeld: false }) }),
  E19: passes("repo/.git/objects/ab/cdef", { git: git({}) }),
  E20: passes("repo/.git/refs/heads/done", { git: git({}) }),
  E21: left("H21", { now: replaced, ...below("production/package-lock.json") }),
  E22: left("H6", { policy: none, burst: massLoss }),
  E23: edit({ ...anew, mtimeNs: snapshotNs + 5n }),
  E24: left("H6", { policy: none }),
  E25: passes("production/.name.Xx12yZ", { beside: ["name"] }),
  E26: edit({ mtimeNs: snapshotNs - 5n, ctimeNs: later }),
  E27: left("H21", { now: replaced }),
  E28: left("H10", {
    now: there(file({ ...anew, sizeBytes: 0 })),
    elsewhere: elsewhere("/source/production/name.1"),
  }),
  E29: left("H14", { now: emptied, copy: rawPath("/source/production/name.1") }),
  E30: left("H14", { now: emptied, copy: rawPath("/source/production/name.1.gz") }),
  E31: edit({ ...written, sizeBytes: 10 }),
  E32: left("H6", { now: emptied, policy: none }),
  E33: waits("H15", { now: { ...emptied, isOpenForWriting: true } }),
  E34: left("H21", { now: there(file({ ctimeNs: later }), { content: "differs" }) }),
  E35: left("H10", { elsewhere: moved }),
  E36: left("H10", {
    elsewhere: { ...moved, entry: file({ ...written, sizeBytes: 140 }) },
  }),
  E37: left("H10", { elsewhere: elsewhere("/source/renamed/name") }),
  E38: left("H6", { policy: none }),
  E39: edit({ inode: 9n, mtimeNs: snapshotNs - 5n, ctimeNs: later }),
  E40: edit({ mtimeNs: snapshotNs - 5n, ctimeNs: later, sizeBytes: 90 }),
  E41: edit({ mtimeNs: 0n, ctimeNs: later }),
  E42: edit({ ctimeNs: later, permissions: 0 }),
  E43: left("H21", { now: there(file(written), { content: "differs" }) }),
  E44: passes("production/name-wal", { now: emptied, beside: ["name"] }),
  E45: passes("production/name-shm", { beside: ["name"] }),
  E46: passes("production/name-journal", { beside: ["name"] }),
  E47: edit({ ...written, sizeBytes: 200 }),
  E48: left("H21", { now: there(link()) }),
  E49: left("H11", { now: gone("link") }),
  E50: left("H21", { now: replaced }),
  E51: edit(written),
  E52: passes(".hidden/name.pid"),
  E53: left("H7", { isAccepted: true }),
  E54: left("H7", { isAccepted: true, burst: massLoss }),
  E55: left("H5", { expected: undefined }),
  E56: left("H5", {
    expected: file({ sizeBytes: 0 }),
    now: there(file({ sizeBytes: 0 }), { content: "same" }),
  }),
  E57: left("H4", { now: { ...rotten, provenNs: snapshotNs + 1_000_000n } }),
  E58: edit({ mtimeNs: snapshotNs - 9n, ctimeNs: snapshotNs - 9n }),
  E59: waits("H1", { now: replaced, quietMs: 500 }),
  E60: waits("H12", { git: git({}, { isBusy: true, wasHeld: undefined, isHeld: undefined }) }),
  E61: left("H6", { policy: integration }),
  E62: waits("H22", { now: there(file(written), { content: "unread" }) }),
  E63: waits("H22", { now: there(file(), { content: "unread" }), policy: none }),
};

const healedOrAsked: Readonly<Record<string, HealCase>> = {
  L1: heals(),
  L2: heals({ ...below(".hidden/deep/name"), burst: { ...massLoss, lost: 12 } }),
  L3: heals({ burst: { ...massLoss, lost: 3 } }),
  L4: heals({ now: emptied }),
  L5: heals({ now: there(file({ ...written, sizeBytes: 0 }), { content: "zeros" }) }),
  L6: heals({ now: there(file(written), { content: "zeros" }) }),
  L7: heals({ burst: { ...massLoss, lost: 30 } }),
  L8: heals({ elsewhere: undefined, beside: [] }),
  L9: heals({ expected: folder() }),
  L10: heals({ expected: folder() }),
  L11: heals(below(".hidden/name")),
  L12: heals({ burst: { ...massLoss, lost: 19, protectedFiles: 20 } }),
  L13: heals({ ...below(".hidden/name"), git: git({}, { wasHeld: false }) }),
  L14: heals({ git: git({ commit: "b" }, { wasHeld: false }) }),
  L15: heals({ git: git({}, { isHeld: true }) }),
  L16: heals({ git: git({ commit: "b" }, { isHeld: true }) }),
  L17: heals({ git: git({}, { now: undefined, wasHeld: undefined, isHeld: undefined }) }),
  L18: heals({
    ...below("repo/.git/objects/ab/cdef"),
    git: git({}, { wasHeld: false, isSound: false }),
  }),
  L19: heals({ now: rotten }, "H4"),
  L20: heals({ now: there(file(), { content: "zeros" }) }, "H4"),
  L21: asks("H4", { now: rotten, policy: evidence }),
  L22: asks("H4", { now: rotten, policy: none }),
  L23: heals({ now: rotten, isAccepted: true }, "H4"),
  L24: asks("H4", { now: { ...rotten, isMappedForWriting: true } }),
  L25: asks("H3", { mount: { before: "ext4 /dev/a", now: "ext4 /dev/b" } }, true),
  L26: asks("H2", { now: { kind: "unseen", code: "EIO" } }),
  L27: asks("H2", { now: { kind: "unseen", code: "ESTALE" } }),
  L28: asks("H8", { now: replaced, burst: mass }, true),
  L29: asks("H8", { burst: mass, elsewhere: elsewhere("/source/production/name.locked") }, true),
  L30: heals({ burst: { ...massLoss, lost: 500 } }, "H18", true),
  L31: heals({ burst: massLoss }, "H18", true),
  L32: asks("H16", { recentHeals: 3 }, true),
  L33: heals({ recentHeals: 2 }),
  L34: heals({ isAccepted: false }),
  L35: heals({ ...below("production-2/name"), isAccepted: false }),
  L36: heals({ elsewhere: elsewhere("/source/new", { birthNs: later }) }),
  L37: heals({ elsewhere: elsewhere("/source/production/twin", { wasThere: true }) }),
  L38: asks("H17", { beside: ["name-wal", "name-shm"] }),
  L39: heals({ beside: [] }),
  L40: heals({ ...below("production/name-wal"), beside: [] }),
  L41: asks("H19", { policy: evidence }),
  L42: asks("H19", { policy: evidence, now: emptied }),
  L43: asks("H20", { now: there(link(), { leadsNowhere: true }) }),
  L44: asks("H11", { now: gone("other") }),
  L45: asks("H10", { elsewhere: elsewhere("/renamed/name", { isInSource: false }) }),
  L46: asks("H15", { now: { ...emptied, isOpenForWriting: true }, waitedMs: 600_000 }),
  L47: heals({ git: git({}, { isBusy: true, isHeld: true }), waitedMs: 60_000 }),
  L48: heals({ expected: link() }),
  L49: heals({ ...below("production/yarn.lock"), heldMs: 1000 }),
  L50: heals({ ...below("production/name.20261120"), beside: ["name"] }),
  L51: heals({ expected: folder(), ...below("volumes/_data") }),
  L52: heals(below("production/etc/name")),
  L53: heals({ policy: "restore" }),
  L54: heals({ now: emptied, copy: undefined, beside: ["name.1"] }),
  L55: asks("H22", { now: there(file(), { content: "unread" }), waitedMs: 60_000 }),
  L56: heals({ ...below("production/name-journal"), beside: ["name"], isOfDatabase: false }),
};

export const healCases: Readonly<Record<string, HealCase>> = { ...leftAlone, ...healedOrAsked };
