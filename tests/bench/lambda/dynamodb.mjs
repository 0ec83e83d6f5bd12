// A DynamoDB that answers at once, so that what is measured is the function and not the table: 300
// products, every transaction goes through.
import http from "node:http";

const product = (n) => ({
  productId: { S: `p-${String(n).padStart(3, "0")}` },
  name: { S: `Product number ${n}` },
  description: { S: "A short text on what this is, as a catalogue has it for every product." },
  price: { N: `${n}.25` },
  currency: { S: "USD" },
  image: { S: `/images/p-${n}.svg` },
  category: { S: "Kitchen" },
  stock: { N: "1000000" },
});
const products = Array.from({ length: 300 }, (_, n) => product(n));
const byId = new Map(products.map((p) => [p.productId.S, p]));
const scan = JSON.stringify({ Items: products, Count: 300, ScannedCount: 300 });

const answers = {
  Scan: () => scan,
  BatchGetItem: ({ RequestItems }) => {
    const [[table, { Keys }]] = Object.entries(RequestItems);
    const found = Keys.map((key) => byId.get(key.productId.S)).filter(Boolean);
    return JSON.stringify({ Responses: { [table]: found }, UnprocessedKeys: {} });
  },
  TransactWriteItems: () => "{}",
};

export const start = () =>
  new Promise((resolve) => {
    const server = http.createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const operation = request.headers["x-amz-target"].split(".").pop();
        const body = answers[operation](JSON.parse(Buffer.concat(parts).toString()));
        const headers = { "Content-Type": "application/x-amz-json-1.0" };
        response.writeHead(200, { ...headers, "Content-Length": Buffer.byteLength(body) });
        response.end(body);
      });
    });
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
