// Listens on every port that it is given; /good answers 200, anything else 500.
import { createServer } from "node:http";

const ports = process.argv.slice(2).map(Number);
let open = 0;
for (const port of ports) {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/good" ? 200 : 500;
    response.end("x");
  });
  server.listen({ port, host: "127.0.0.1", backlog: 1024 }, () => {
    open += 1;
    if (open === ports.length) process.stdout.write("listening\n");
  });
}
