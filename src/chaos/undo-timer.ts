/**
 * The independent undo: a process of its own that takes a fault away when its time has come or
 * when whoever armed it has died, unless it is disarmed before. Started by `arm-undo.ts`.
 */
import { type UndoRecipe, undoSteps } from "./undo-recipe.ts";

export type UndoOrder =
  | { readonly kind: "arm"; readonly recipe: UndoRecipe }
  | { readonly kind: "disarm" };

let recipe: UndoRecipe | undefined;

async function fire(): Promise<void> {
  const steps = recipe?.steps ?? [];
  recipe = undefined;
  const troubles = await undoSteps(steps);
  process.exit(troubles.length === 0 ? 0 : 1);
}

process.on("disconnect", () => void fire());
process.on("message", (order: UndoOrder) => {
  if (order.kind === "disarm") process.exit(0);
  recipe = order.recipe;
  setTimeout(() => void fire(), recipe.afterMs);
  process.send?.("armed");
});
