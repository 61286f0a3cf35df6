import { expect, test } from "vitest";
import { identityWith } from "./supplementary-groups.ts";

const account = { uid: 1200, gid: 1300, groups: [1400, 1500] };

test("without further groups nothing stands before the command", () => {
  const env = { LD_PRELOAD: "/srv/shop/jemalloc.so" };
  const plain = { prefix: [], env, missing: [] };
  expect(identityWith({}, env)).toEqual(plain);
  expect(identityWith({ uid: 1200, gid: 1300 }, env)).toEqual({ ...plain, uid: 1200, gid: 1300 });
});

test("with further groups a tool takes them on, and says so where it is missing", () => {
  const tool = "/usr/bin/setpriv";
  const prefix = [tool, "--reuid=1200", "--regid=1300", "--groups=1400,1500", "--"];
  const env = { HOME: "/srv/shop" };
  expect(identityWith(account, env, tool)).toEqual({ prefix, env, missing: [] });
  expect(identityWith(account, env, "")).toEqual({
    prefix: [],
    env,
    uid: 1200,
    gid: 1300,
    missing: [1400, 1500],
  });
});

test("what would make root load what others chose reaches the service alone (G1)", () => {
  const env = { HOME: "/srv/shop", LD_PRELOAD: "/srv/shop/x.so", LOCPATH: "/srv/shop" };
  const { prefix, env: own } = identityWith(account, env, "/usr/bin/setpriv");
  expect(prefix.slice(5)).toEqual([
    "/usr/bin/env",
    "LD_PRELOAD=/srv/shop/x.so",
    "LOCPATH=/srv/shop",
  ]);
  expect(own).toEqual({ HOME: "/srv/shop" });
});
