// The Lambda Runtime API for one process at a time: hands it one event after the other.
import http from "node:http";
import { randomUUID } from "node:crypto";

export class Runtime {
  static async start() {
    const runtime = new Runtime();
    runtime.server = http.createServer({ keepAliveTimeout: 600_000 }, (request, response) =>
      runtime.serve(request, response));
    await new Promise((resolve) => runtime.server.listen(0, "127.0.0.1", resolve));
    return runtime;
  }

  get address() {
    return `127.0.0.1:${this.server.address().port}`;
  }

  /** Sends one event to the process that asks next; resolves with its answer. */
  invoke(event) {
    return new Promise((resolve, reject) => {
      this.pending = { event: JSON.stringify(event), resolve, reject };
      this.hand();
    });
  }

  /** Forgets a process that has ended. */
  reset() {
    this.waiting = undefined;
    this.pending = undefined;
  }

  hand() {
    if (!this.waiting || !this.pending) return;
    const response = this.waiting;
    this.waiting = undefined;
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": randomUUID(),
      "Lambda-Runtime-Deadline-Ms": String(Date.now() + 10_000),
      "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
    });
    response.end(this.pending.event);
  }

  serve(request, response) {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      if (request.url.endsWith("/next")) {
        this.waiting = response;
        this.hand();
        return;
      }
      response.writeHead(202);
      response.end();
      const { resolve, reject } = this.pending ?? {};
      this.pending = undefined;
      const body = Buffer.concat(parts).toString();
      if (request.url.endsWith("/response")) resolve?.(JSON.parse(body));
      else reject?.(new Error(body));
    });
  }
}
