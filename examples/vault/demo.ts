/**
 * `npm run demo:vault`: protects a real tree, destroys what it can, and shows what became of it. It
 * needs nothing but Node, leaves nothing behind, and ends with 0 only when every act was proven.
 */
import { columns } from "../../src/cli/columns.ts";
import { styleOf } from "../../src/cli/style.ts";
import { formatDuration, messageOf } from "../../src/kernel/index.ts";
import { createVault } from "../../src/public/vault.ts";
import { findExecutable } from "../../src/system/index.ts";
import { LivingAgent } from "./living-agent.ts";
import { filesIn, makeScene, pictureOf } from "./scene.ts";
import {
  type Act,
  change,
  drill,
  flip,
  lose,
  protect,
  prove,
  restic,
  rot,
  type Stage,
  wipe,
} from "./steps.ts";

const style = styleOf(process.stdout, true);
const rows: (readonly string[])[] = [
  ["act", "time", "proven by"].map((head) => style.paint("bold", head)),
];
let failed = 0;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** One that fails ends the demo: what comes behind it rests on it. */
async function play(acts: readonly Act[], stage: Stage): Promise<void> {
  for (const act of acts) {
    if (failed > 0) return;
    say(`${style.paint("bold", act.name)}: ${act.what} ...`);
    const begunMs = performance.now();
    const shown = (): string =>
      formatDuration(Math.round((performance.now() - begunMs) / 100) * 100);
    try {
      const proof = await act.play(stage);
      say(`  ${style.paint("green", "proven")} after ${shown()}: ${proof}`);
      rows.push([act.name, shown(), proof]);
    } catch (error) {
      failed += 1;
      say(`  ${style.paint("red", "not proven")} after ${shown()}: ${messageOf(error)}`);
      rows.push([act.name, shown(), style.paint("red", `NOT PROVEN: ${messageOf(error)}`)]);
    }
  }
}

const begunMs = performance.now();
using scene = makeScene();
say(`A tree of ${filesIn(pictureOf(scene.tree))} files in ${scene.tree}, kept at`);
for (const location of scene.locations) say(`  ${location}`);
await using vault = await createVault(scene.vault);
{
  await using agent = new LivingAgent(scene);
  await play([protect, change, wipe, rot], { scene, vault, agent });
  const hasRestic = findExecutable("restic", { path: process.env["PATH"] ?? "" }) !== undefined;
  await agent[Symbol.asyncDispose]();
  // What was healed last is in no snapshot yet when it ends at once.
  await vault.backup({ sources: [scene.tree] });
  say(
    "The agent ends; from here on by hand, as `soulmirror vault check`, `heal`, `drill`, `proof`.",
  );
  await play([flip, lose, drill, prove, ...(hasRestic ? [restic] : [])], { scene, vault, agent });
  if (!hasRestic) rows.push(["restic", "", "not installed here: left out"]);
}
const took = formatDuration(Math.round((performance.now() - begunMs) / 100) * 100);
say(`\n${columns(rows)}\n`);
say(
  failed === 0
    ? `${style.paint("green", "All of it proven")}, in ${took}.`
    : `Failed, after ${took}.`,
);
process.exitCode = failed === 0 ? 0 : 1;
