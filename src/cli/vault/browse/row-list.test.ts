import { expect, test } from "vitest";
import type { Key } from "../../keys.ts";
import { RowList } from "./row-list.ts";

const text = (letter: string): Key => ({ kind: "text", text: letter });

function told(list: RowList<number>, height: number): string {
  return list
    .shown(height)
    .map(({ isChosen, row }) => (isChosen ? `>${row}` : `${row}`))
    .join(" ");
}

test("shows what is chosen, and no more than there is room for", () => {
  const list = new RowList<number>();
  expect(told(list, 3)).toBe("");
  list.rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  expect(told(list, 3)).toBe(">0 1 2");
  list.press({ kind: "page-down" });
  list.press(text("j"));
  expect(told(list, 3)).toBe("1 2 >3");
  list.press({ kind: "up" });
  expect(told(list, 3)).toBe("1 >2 3");
  list.press(text("G"));
  expect(told(list, 3)).toBe("7 8 >9");
  // A terminal that becomes larger, and rows that become fewer.
  expect(told(list, 20)).toBe("0 1 2 3 4 5 6 7 8 >9");
  list.rows = [0, 1];
  expect(told(list, 3)).toBe("0 >1");
  list.press({ kind: "home" });
  expect(list.chosen).toBe(0);
  expect(list.press(text("x"))).toBe(false);
});
