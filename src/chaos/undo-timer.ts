/**
 * The independent undo: a process of its own that takes a fault away when its time has come or
 * when whoever armed it has died, unless it is disarmed before. Started by `arm-undo.ts`.
 */
import { type UndoRecipe, undoSteps } from "./undo-recipe.ts";

export type UndoOrder =
  | { readonly kind: "arm"; readonly recipe: UndoRecipe }
  | { readonly kind: "disarm" };

let recipe: UndoRecipe | undefined;
let isFiring = false;

/** Once, and to its end: neither a death nor a disarming meanwhile leaves it half done. */
async function fire(): Promise<void> {
  if (isFiring) return;
  isFiring = true;
  const troubles = await undoSteps(recipe?.steps ?? []);
  process.exit(troubles.length === 0 ? 0 : 1);
}

process.on("disconnect", () => void fire());
process.on("message", (order: UndoOrder) => {
  if (order.kind === "disarm") {
    // Whoever disarms waits for our end.
    if (!isFiring) process.exit(0);
    return;
  }
  recipe = order.recipe;
  setTimeout(() => void fire(), recipe.afterMs);
  process.send?.("armed");
});
