// Runs a handler against the Lambda Runtime API, as Lambda's own Node runtime does, with less.
import http from "node:http";

const { handler } = await import(`./${process.argv[2]}.mjs`);
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, method, agent, path: `/2018-06-01/runtime/invocation/${path}` },
      (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () =>
          resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
      },
    );
    request.on("error", reject);
    request.end(body);
  });

for (;;) {
  const { headers, body } = await call("GET", "next");
  const answer = await handler(JSON.parse(body));
  await call("POST", `${headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
}
