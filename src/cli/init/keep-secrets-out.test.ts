import { describe, expect, it } from "vitest";
import type { Draft } from "./draft.ts";
import { fromEcosystem } from "./from-ecosystem.ts";
import { fromProcfile } from "./from-procfile.ts";
import { keepSecretsOut } from "./keep-secrets-out.ts";
import { writeFleetFile } from "./write-fleet-file.ts";

const textOf = (draft: Draft): string => writeFleetFile(keepSecretsOut(draft), { fleet: "test" });

describe("secrets of foreign files (S1)", () => {
  it("are referred to, and not copied, from a PM2 env", () => {
    const env = {
      STRIPE_API_KEY: "sk_live_1",
      DB_PASSWORD: "hunter22",
      DATABASE_URL: "postgres://me:hunter23@db/shop",
      NODE_ENV: "production",
      MONKEY_COUNT: "3",
    };
    const draft = fromEcosystem(
      { apps: [{ name: "api", script: "api.js", env }] },
      "pm2.config.js",
    );
    expect(keepSecretsOut(draft).services[0]?.keys["env"]).toEqual({
      STRIPE_API_KEY: { env: "STRIPE_API_KEY" },
      DB_PASSWORD: { env: "DB_PASSWORD" },
      DATABASE_URL: { env: "DATABASE_URL" },
      NODE_ENV: "production",
      MONKEY_COUNT: "3",
    });
    expect(textOf(draft)).toContain("services.api: env.DB_PASSWORD: it looks like a secret");
    expect(textOf(draft)).not.toMatch(/sk_live|hunter/);
  });

  it("stand neither in the command nor in the remark of a Procfile", () => {
    const draft = fromProcfile(
      "web: API_TOKEN=abc123 node web.js\nboth: cd x && SECRET='de f456' node y.js && echo $SECRET\n",
    );
    expect(textOf(draft)).not.toMatch(/abc123|f456/);
    expect(keepSecretsOut(draft).services.map(({ keys }) => keys["env"])).toEqual([
      { API_TOKEN: { env: "API_TOKEN" } },
      { SECRET: { env: "SECRET" } },
    ]);
  });

  it("leave everything else as it is", () => {
    const draft = fromProcfile("web: MODE=fast bin/web --key=value\n");
    expect(keepSecretsOut(draft)).toEqual(draft);
  });
});
