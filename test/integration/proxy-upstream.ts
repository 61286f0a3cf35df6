/**
 * The instance behind the proxy in `proxy.test.ts`: a small real server that works, dawdles,
 * breaks off in the middle and keeps a ledger of what it carried out.
 *
 * `node proxy-upstream.ts PORT LEDGER BACKLOG`; prints its port when it listens.
 */
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";

const [, , port = "0", ledger = "", backlog = "511"] = process.argv;

const server = createServer((incoming, outgoing) => {
  const url = new URL(incoming.url ?? "/", "http://instance");
  const waitMs = Number(url.searchParams.get("waitMs") ?? 0);
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    const body = Buffer.concat(chunks);
    if (url.pathname === "/half") {
      outgoing.writeHead(200, { "Content-Length": url.searchParams.get("sizeBytes") ?? "100" });
      outgoing.write("the first half");
      return;
    }
    if (url.pathname === "/endless") {
      outgoing.write("tick");
      return;
    }
    if (url.pathname === "/trailer") {
      outgoing.writeHead(200, { Trailer: "X-Sum" });
      outgoing.write("body");
      outgoing.addTrailers({ "X-Sum": "4" });
      outgoing.end();
      return;
    }
    if (url.pathname === "/big") {
      const sizeBytes = Number(url.searchParams.get("sizeBytes"));
      outgoing.writeHead(200, { "Content-Length": sizeBytes });
      outgoing.end(Buffer.alloc(sizeBytes, "x"));
      return;
    }
    if (incoming.method === "POST" && ledger !== "") {
      appendFileSync(ledger, `${process.pid} ${url.searchParams.get("id") ?? ""}\n`);
    }
    const seen = { pid: process.pid, method: incoming.method, url: incoming.url };
    const answer = { ...seen, sizeBytes: body.length, headers: incoming.headers };
    setTimeout(() => outgoing.end(JSON.stringify(answer)), waitMs);
  });
});
server.on("upgrade", (incoming, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  socket.on("error", () => socket.destroy());
  socket.pipe(socket);
  incoming.resume();
});
server.listen(Number(port), "127.0.0.1", Number(backlog), () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.on("SIGTERM", () => server.close(() => process.exit(0)));
