// Measures both functions in Rust and in Node, side by side in one run, through the Lambda Runtime
// API and against the same DynamoDB endpoint. Prints a table in Markdown.
//
//   node bench.mjs RUST_FOLDER NODE_FOLDER NODE_ZIP [sample]
//
// Fails where an answer is wrong, or a zip is over 3 MB.
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as dynamodb from "./dynamodb.mjs";
import { Runtime } from "./runtime.mjs";

const [rustFolder, nodeFolder, nodeZip, size] = process.argv.slice(2);
const [COLD, BLOCKS, CALLS, WARM_UP] = size === "sample" ? [2, 1, 20, 5] : [15, 6, 400, 100];
const LARGEST_ZIP = 3; // MB
/** Clock ticks a second in /proc on Linux. */
const TICKS = 100;

const database = await dynamodb.start();
const runtime = await Runtime.start();
const env = {
  PATH: process.env.PATH,
  AWS_LAMBDA_RUNTIME_API: runtime.address,
  AWS_ENDPOINT_URL: `http://127.0.0.1:${database.address().port}`,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "us-east-1",
  AWS_LAMBDA_FUNCTION_NAME: "f",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
  AWS_LAMBDA_FUNCTION_VERSION: "1",
  AWS_LAMBDA_LOG_GROUP_NAME: "g",
  AWS_LAMBDA_LOG_STREAM_NAME: "s",
  NODE_NO_WARNINGS: "1",
  PRODUCTS_TABLE: "Products",
  ORDERS_TABLE: "Orders",
};

const event = (method, path, body) => ({
  resource: path, path, httpMethod: method, headers: { "Content-Type": "application/json" },
  multiValueHeaders: { "Content-Type": ["application/json"] }, queryStringParameters: null,
  multiValueQueryStringParameters: null, pathParameters: null, stageVariables: null,
  requestContext: {
    resourceId: "r", resourcePath: path, httpMethod: method, path: `/v1${path}`, stage: "v1",
    accountId: "000000000000", requestId: "q", identity: { sourceIp: "127.0.0.1" },
    apiId: "a", protocol: "HTTP/1.1",
  },
  body, isBase64Encoded: false,
});
const order = JSON.stringify({
  userId: "ada",
  items: [1, 2, 3].map((n) => ({ productId: `p-00${n}`, quantity: 2 })),
  total: 13.5,
});
const functions = {
  listProducts: { module: "list-products", event: event("GET", "/products", null), status: 200 },
  createOrder: { module: "create-order", event: event("POST", "/orders", order), status: 201 },
};
const commands = {
  Rust: (name) => [join(rustFolder, name, "bootstrap"), []],
  Node: (name) => [process.execPath, [join(nodeFolder, "bootstrap.mjs"), functions[name].module]],
};

const start = (language, name) => {
  const [program, parameters] = commands[language](name);
  runtime.reset();
  return spawn(program, parameters, { env, stdio: ["ignore", "ignore", "inherit"] });
};
const stop = (child) =>
  new Promise((resolve) => {
    child.on("exit", resolve);
    child.kill("SIGKILL");
  });
const call = async (name) => {
  const answer = await runtime.invoke(functions[name].event);
  if (answer.statusCode !== functions[name].status) throw new Error(JSON.stringify(answer));
};
const since = (begin) => Number(process.hrtime.bigint() - begin) / 1e6;
const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
};
/** Seconds of processor time that a process has used. */
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
};
/** MB of the largest memory that a process has had. */
const peak = (pid) =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

async function coldStarts(language, name, figures) {
  const begin = process.hrtime.bigint();
  const child = start(language, name);
  await call(name);
  figures.cold.push(since(begin));
  await stop(child);
}

async function warmBlock(language, name, figures) {
  const child = start(language, name);
  for (let n = 0; n < WARM_UP; n += 1) await call(name);
  const before = cpu(child.pid);
  for (let n = 0; n < CALLS; n += 1) {
    const begin = process.hrtime.bigint();
    await call(name);
    figures.warm.push(since(begin));
  }
  figures.cpu += cpu(child.pid) - before;
  figures.memory.push(peak(child.pid));
  await stop(child);
}

const rows = [];
for (const name of Object.keys(functions)) {
  const figures = {};
  for (const language of ["Rust", "Node"]) {
    figures[language] = { cold: [], warm: [], cpu: 0, memory: [] };
  }
  // In turns, so that other work on the machine meets both alike.
  for (let n = 0; n < COLD; n += 1) {
    for (const language of ["Rust", "Node"]) await coldStarts(language, name, figures[language]);
  }
  for (let n = 0; n < BLOCKS; n += 1) {
    for (const language of ["Rust", "Node"]) await warmBlock(language, name, figures[language]);
  }
  const zip = {
    Rust: statSync(join(rustFolder, name, "function.zip")).size / 1e6, Node: statSync(nodeZip).size / 1e6,
  };
  if (zip.Rust > LARGEST_ZIP) throw new Error(`the zip of ${name} has ${zip.Rust} MB`);
  const row = (label, value, digits) => {
    const [rust, node] = [value("Rust"), value("Node")];
    rows.push([name, label, rust.toFixed(digits), node.toFixed(digits), (rust / node).toFixed(2)]);
  };
  row("cold start, ms", (l) => quantile(figures[l].cold, 0.5), 1);
  row("warm p50, ms", (l) => quantile(figures[l].warm, 0.5), 2);
  row("warm p99, ms", (l) => quantile(figures[l].warm, 0.99), 2);
  row("requests a second and core", (l) => (BLOCKS * CALLS) / figures[l].cpu, 0);
  row("peak memory, MB", (l) => Math.max(...figures[l].memory), 1);
  row("zip, MB", (l) => zip[l], 2);
}

console.log("| function | figure | Rust | Node | Rust / Node |\n|---|---|---:|---:|---:|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
database.close();
runtime.server.close();
process.exit(0);
