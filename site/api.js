// Talks to the shop's HTTP API, and lets nothing through that does not look as it should.

const ID = /^[A-Za-z0-9._-]{1,64}$/;
const IMAGE = /^\/images\/[A-Za-z0-9._-]+$/;
const CURRENCY = /^[A-Z]{3}$/;
const PATIENCE_MS = 12_000;

/** A failed call. `code` is the API's own, or "Network" where there was no readable answer. */
export class ApiError extends Error {
  constructor(code, status) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

let baseUrl = null;

/** The API's address, from the file that every deployment writes. */
async function base() {
  if (baseUrl === null) {
    const config = await call("/config.json", { cache: "no-store" });
    const url = new URL(String(config?.apiUrl), location.href);
    if (url.protocol !== "https:" && url.protocol !== "http:") throw new ApiError("Network", 0);
    baseUrl = url.href.replace(/\/+$/, "");
  }
  return baseUrl;
}

async function call(url, options) {
  let response;
  let body;
  try {
    response = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
    body = await response.json();
  } catch {
    throw new ApiError("Network", response?.status ?? 0);
  }
  if (!response.ok) throw new ApiError(String(body?.error?.code ?? "Network"), response.status);
  return body;
}

/** All products, in the order of the API. What is not a product is left out. */
export async function products() {
  const list = await call(`${await base()}/products`, { cache: "no-store" });
  if (!Array.isArray(list)) throw new ApiError("Network", 200);
  return list.map(product).filter((one) => one !== null);
}

function product(raw) {
  const cents = Math.round(Number(raw?.price) * 100);
  const sound = ID.test(raw?.productId) && typeof raw.name === "string" && typeof raw.price === "number" && Number.isSafeInteger(cents) && cents >= 0;
  if (!sound) return null;
  return {
    id: raw.productId,
    name: raw.name,
    description: typeof raw.description === "string" ? raw.description : "",
    category: typeof raw.category === "string" ? raw.category : "",
    cents,
    currency: CURRENCY.test(raw.currency) ? raw.currency : "USD",
    // Only pictures of our own: an address from the table never leads elsewhere.
    image: IMAGE.test(raw.image) ? raw.image : null,
    stock: Number.isInteger(raw.stock) ? raw.stock : null,
  };
}

/** Places an order and gives its id. The total is what the customer saw; the API refuses another. */
export async function placeOrder(userId, lines, cents) {
  const items = lines.map((line) => ({ productId: line.product.id, quantity: line.quantity }));
  const answer = await call(`${await base()}/orders`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ userId, items, total: cents / 100 }),
  });
  if (typeof answer?.orderId !== "string") throw new ApiError("Network", 200);
  return answer.orderId;
}
