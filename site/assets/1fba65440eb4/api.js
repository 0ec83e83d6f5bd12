// Calls the shop's HTTP API. An answer is checked before it is used, and a failure says which kind
// it is and whether the request can have taken effect.

const ID = /^[A-Za-z0-9._-]{1,64}$/;
const IMAGE = /^\/images\/[A-Za-z0-9._-]+$/;
const CURRENCY = /^[A-Z]{3}$/;
/** API Gateway itself gives up after 29 seconds, the functions after 10. */
const PATIENCE_MS = 12_000;
const MOST_PAGES = 50;
const USUAL_WAIT_S = 10;
const LONGEST_WAIT_S = 300;

/**
 * A call that did not work. `kind` is one of offline, unreachable, timeout, garbled, blocked, busy,
 * unavailable, broken, price, stock, unknown-product, key-reused, too-large, invalid.
 */
export class Failure extends Error {
  constructor(kind, { status = 0, field = "", wait = 0, maybeDone = false } = {}) {
    super(kind);
    this.kind = kind;
    this.status = status;
    /** The place of the fault in the request, such as `delivery.city`. */
    this.field = field;
    /** Seconds before it makes sense to try again. */
    this.wait = wait;
    /** True where nobody can know whether the request took effect. */
    this.maybeDone = maybeDone;
  }
}

let address = null;

/** The API's address, from the file that every deployment writes. */
async function apiUrl() {
  address ??= readConfig().catch((error) => {
    address = null;
    throw error;
  });
  return address;
}

async function readConfig() {
  const { body } = await call("/config.json", { credentials: "same-origin" });
  const url = new URL(String(body?.apiUrl), location.href);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Failure("garbled");
  return url.href.replace(/\/+$/, "");
}

async function call(url, options = {}) {
  if (navigator.onLine === false) throw new Failure("offline");
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  let response;
  let text;
  try {
    response = await fetch(url, { ...options, signal: deadline });
    text = await response.text();
  } catch {
    const kind = deadline.aborted ? "timeout" : navigator.onLine ? "unreachable" : "offline";
    throw new Failure(kind, { maybeDone: true });
  }
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    if (response.ok) throw new Failure("garbled", { status: response.status, maybeDone: true });
  }
  if (!response.ok) throw refusal(response, body?.error ?? {});
  return { body, response };
}

function refusal(response, error) {
  const { status } = response;
  const details = { status, field: typeof error.field === "string" ? error.field : "" };
  const kinds = {
    TotalMismatch: "price", OutOfStock: "stock", UnknownProduct: "unknown-product",
    IdempotencyKeyReused: "key-reused", OutcomeUnknown: "broken",
  };
  if (Object.hasOwn(kinds, error.code)) {
    return new Failure(kinds[error.code], { ...details, maybeDone: kinds[error.code] === "broken" });
  }
  if (status === 429 || status === 503) {
    return new Failure(status === 429 ? "busy" : "unavailable", { ...details, wait: wait(response) });
  }
  if (status === 504) return new Failure("timeout", { ...details, maybeDone: true });
  if (status >= 500) return new Failure("broken", { ...details, maybeDone: true });
  if (status === 403) return new Failure("blocked", details);
  if (status === 413) return new Failure("too-large", details);
  return new Failure("invalid", details);
}

/** Seconds of Retry-After, which is a number or a date. */
function wait(response) {
  const text = response.headers.get("Retry-After") ?? "";
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  if (!Number.isFinite(seconds)) return USUAL_WAIT_S;
  return Math.min(Math.max(Math.ceil(seconds), 1), LONGEST_WAIT_S);
}

/**
 * All products in the API's order, page by page. `fresh` asks past the browser's cache, as is
 * needed after a price or the stock turned out to be another.
 */
export async function loadProducts(fresh = false) {
  const found = [];
  let url = `${await apiUrl()}/products`;
  const { origin } = new URL(url);
  for (let page = 0; url !== null && page < MOST_PAGES; page += 1) {
    const { body, response } = await call(url, { cache: fresh ? "no-cache" : "default" });
    if (!Array.isArray(body)) throw new Failure("garbled", { status: response.status });
    found.push(...body.map(readProduct).filter((product) => product !== null));
    const next = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get("Link") ?? "");
    const following = next === null ? null : new URL(next[1], response.url);
    url = following?.origin === origin ? following.href : null;
  }
  return found;
}

/** What is not a sound product is left out. */
function readProduct(raw) {
  if (!ID.test(raw?.productId) || typeof raw.name !== "string" || raw.name === "") return null;
  const cents = typeof raw.price === "number" ? Math.round(raw.price * 100) : NaN;
  if (!Number.isSafeInteger(cents) || cents < 0) return null;
  return {
    id: raw.productId,
    name: raw.name,
    description: typeof raw.description === "string" ? raw.description : "",
    category: typeof raw.category === "string" ? raw.category : "",
    cents,
    currency: CURRENCY.test(raw.currency) ? raw.currency : "USD",
    // Only pictures of this site: an address from the table never leads elsewhere.
    image: IMAGE.test(raw.image) ? raw.image : null,
    stock: Number.isInteger(raw.stock) ? Math.max(raw.stock, 0) : null,
  };
}

/** Sends an order as it was stored with its key; the order's number. */
export async function sendOrder(order, key) {
  let url;
  try {
    url = `${await apiUrl()}/orders`;
  } catch (error) {
    // The order itself was not sent.
    error.maybeDone = false;
    throw error;
  }
  const { body, response } = await call(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(order),
  });
  if (typeof body?.orderId !== "string") {
    throw new Failure("garbled", { status: response.status, maybeDone: true });
  }
  return body.orderId;
}
