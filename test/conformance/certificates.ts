/** Certificates for tests, made by openssl in a temporary folder. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface TestAuthority {
  /** PEM of the authority, for `authorities`. */
  readonly pem: string;
  /** For `names` (subjectAltName: `DNS:...`, `IP:...`); negative `days` give an expired one. */
  issue(names: string, days: number): TestCertificate;
}

export function testAuthority(folder: string): TestAuthority {
  const at = (name: string): string => join(folder, name);
  const openssl = (words: readonly string[]): void =>
    void execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  const freshKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes".split(" ");
  openssl(
    "req -x509 -keyout ca.key -out ca.pem -days 3650"
      .split(" ")
      .concat(freshKey, ["-subj", "/CN=Test Authority"]),
  );
  let issued = 0;
  return {
    pem: readFileSync(at("ca.pem"), "utf8"),
    issue(names, days) {
      issued += 1;
      const name = `leaf-${issued}`;
      writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`);
      openssl(
        ["req", "-new", "-keyout", `${name}.key`, "-out", `${name}.csr`].concat(freshKey, [
          "-subj",
          `/CN=${name}`,
        ]),
      );
      openssl(
        `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem -days ${days} -extfile ${name}.ext`.split(
          " ",
        ),
      );
      return {
        key: readFileSync(at(`${name}.key`), "utf8"),
        cert: readFileSync(at(`${name}.pem`), "utf8"),
      };
    },
  };
}
