import { expect, test } from "vitest";
import { findAccount } from "./account.ts";

const files = {
  passwd: "root:x:0:0:root:/root:/bin/sh\nshop:x:1200:1300:Shop:/home/shop:/bin/sh\n",
  group: "root:x:0:\nledger:x:1400:shop\nmail:x:1500:ann,shop\nann:x:9:ann\n",
};
type Wanted = Parameters<typeof findAccount>[0];
const asRoot = (wanted: Wanted) => findAccount(wanted, files, { uid: 0, gid: 0 });
const asShop = (wanted: Wanted) => findAccount(wanted, files, { uid: 1200, gid: 1300 });

test("nothing asked for changes nothing", () => {
  expect(asRoot({})).toEqual({ ok: true, value: {} });
  expect(asShop({})).toEqual({ ok: true, value: {} });
});

test("unknown names are refused", () => {
  const error = `there is no user "ghost"`;
  expect(asRoot({ user: "ghost" })).toEqual({ ok: false, error });
  expect(asRoot({ group: "ghost" })).toMatchObject({ ok: false });
});

test("root finds names and numbers", () => {
  const value = { uid: 1200, gid: 1300, home: "/home/shop", name: "shop", groups: [1400, 1500] };
  expect(asRoot({ user: "shop" })).toEqual({ ok: true, value });
  expect(asRoot({ user: "1200" })).toEqual({ ok: true, value });
  expect(asRoot({ user: "shop", group: "ledger" })).toEqual({
    ok: true,
    value: { ...value, gid: 1400, groups: [1500] },
  });
  expect(asRoot({ user: "77" })).toEqual({ ok: true, value: { uid: 77, gid: 77 } });
});

test("somebody else may name themselves, and nobody besides", () => {
  expect(asShop({ user: "shop" })).toEqual({ ok: true, value: {} });
  const error = "only root may start a service as root; the daemon is user 1200";
  expect(asShop({ user: "root" })).toEqual({ ok: false, error });
  expect(asShop({ user: "shop", group: "ledger" })).toMatchObject({ ok: false });
});
