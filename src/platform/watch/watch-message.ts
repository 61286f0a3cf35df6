/** What the watching thread says; what it is asked is the number of a question about figures. */
import type { WatchEvent, WatchFigures } from "./watch-event.ts";

export type WatchMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "event"; readonly event: WatchEvent }
  | { readonly kind: "figures"; readonly id: number; readonly figures: WatchFigures };
