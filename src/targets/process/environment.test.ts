import { expect, test } from "vitest";
import { inheritedEnvironment, serviceEnvironment } from "./environment.ts";

test("later sources win, and what only we know wins over all", () => {
  const inherited = inheritedEnvironment({
    PATH: "/bin",
    HOME: "/root",
    COLOUR: "grey",
    SOULMIRROR_TOKEN: "secret",
    EMPTY: undefined,
  });
  expect(inherited).toEqual({ PATH: "/bin", HOME: "/root", COLOUR: "grey" });
  const environment = serviceEnvironment({
    inherited,
    account: { home: "/home/shop", name: "shop" },
    declared: { COLOUR: "red", PORT: "1", SOULMIRROR_SERVICE: "another" },
    given: { SOULMIRROR_ENDPOINT: "http://127.0.0.1:5050" },
    service: "shop",
    cwd: "/srv/shop",
    number: 2,
    port: 4102,
  });
  expect(environment).toEqual({
    PATH: "/bin",
    HOME: "/home/shop",
    USER: "shop",
    LOGNAME: "shop",
    PWD: "/srv/shop",
    COLOUR: "red",
    PORT: "4102",
    NODE_APP_INSTANCE: "1",
    SOULMIRROR_SERVICE: "shop",
    SOULMIRROR_ENDPOINT: "http://127.0.0.1:5050",
  });
});
