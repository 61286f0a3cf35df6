import { createServer } from "node:net";

const attempts = 20;

/** A port of `host` that nobody listens on now; `isTaken` rules out those already promised. */
export async function freePort(
  host = "127.0.0.1",
  isTaken: (port: number) => boolean = () => false,
): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = await bind(host, 0);
    if (typeof port === "string") throw new Error(`no free port on ${host}: ${port}`);
    if (!isTaken(port)) return port;
  }
  throw new Error(`no free port on ${host} in ${attempts} attempts`);
}

/** Asks the kernel itself, by taking the port and giving it back. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await bind(host, port)) !== "EADDRINUSE";
}

/** The port that was bound for a moment, or the code of the error. */
function bind(host: string, port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
