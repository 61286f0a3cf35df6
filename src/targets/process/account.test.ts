import { expect, test } from "vitest";
import { findAccount } from "./account.ts";

const files = {
  passwd: "root:x:0:0:root:/root:/bin/sh\nshop:x:1200:1300:Shop:/home/shop:/bin/sh\n",
  group: "root:x:0:\nledger:x:1400:shop\nmail:x:1500:ann,shop\nann:x:9:ann\n",
};
const isRoot = process.getuid?.() === 0;

test("nothing asked for changes nothing", () => {
  expect(findAccount({}, files)).toEqual({ ok: true, value: {} });
});

test("names and numbers are found, unknown names are refused", () => {
  expect(findAccount({ user: "ghost" }, files)).toEqual({
    ok: false,
    error: `there is no user "ghost"`,
  });
  expect(findAccount({ group: "ghost" }, files)).toMatchObject({ ok: false });
  const shop = { uid: 1200, gid: 1300, home: "/home/shop", name: "shop", groups: [1400, 1500] };
  const refusal = { ok: false, error: expect.stringContaining("only root") as string };
  const expected = (value: object) => (isRoot ? { ok: true, value } : refusal);
  expect(findAccount({ user: "shop" }, files)).toEqual(expected(shop));
  expect(findAccount({ user: "1200" }, files)).toEqual(expected(shop));
  expect(findAccount({ user: "shop", group: "ledger" }, files)).toEqual(
    expected({ ...shop, gid: 1400, groups: [1500] }),
  );
  expect(findAccount({ user: "77" }, files)).toEqual(expected({ uid: 77, gid: 77 }));
});
