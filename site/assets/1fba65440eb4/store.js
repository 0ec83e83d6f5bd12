// What this browser keeps: the cart, the order under way, and the orders placed. Every change
// begins with what is stored now, so that two tabs never undo each other's.

const CART = "shop-cart";
const NOTES = "shop-cart-notes";
const PENDING = "shop-order-under-way";
const ORDERS = "shop-orders";
const MOST_OF_ONE = 99;
const MOST_LINES = 50;
const KEPT_ORDERS = 10;

/** Where storage is off, values live as long as the page. */
const memory = new Map();

function read(key, empty) {
  if (memory.has(key)) return memory.get(key) ?? empty;
  try {
    const text = localStorage.getItem(key);
    const value = text === null ? empty : JSON.parse(text);
    return typeof value === "object" && value !== null ? value : empty;
  } catch {
    return empty;
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    memory.set(key, value);
  }
}

const listeners = new Set();

/** Calls `listener` whenever the cart changes, in this tab or in another. */
export function onCartChange(listener) {
  listeners.add(listener);
}

const notifyListeners = () => listeners.forEach((listener) => listener());

addEventListener("storage", (event) => {
  if (event.key === null || event.key === CART || event.key === NOTES) notifyListeners();
});
// A page that comes back by the Back button has heard of nothing in between.
addEventListener("pageshow", (event) => {
  if (event.persisted) notifyListeners();
});

/** Product id -> `{ quantity, cents, name }`: how many, and as it was when it was put in. */
export function cart() {
  const sound = Object.entries(read(CART, {})).filter(([, line]) =>
    Number.isInteger(line?.quantity) && line.quantity > 0 && line.quantity <= MOST_OF_ONE);
  return new Map(sound.slice(0, MOST_LINES));
}

function saveCart(lines) {
  write(CART, Object.fromEntries(lines));
  notifyListeners();
}

export const mostOf = (product) => Math.min(MOST_OF_ONE, product.stock ?? MOST_OF_ONE);

export const pieces = () => [...cart().values()].reduce((sum, line) => sum + line.quantity, 0);

/** Changes a product's quantity by `by`, within stock: "done", "no-more" or "full". */
export function changeQuantity(product, by) {
  const lines = cart();
  const before = lines.get(product.id)?.quantity ?? 0;
  if (before === 0 && lines.size >= MOST_LINES) return "full";
  const after = Math.max(0, Math.min(before + by, mostOf(product)));
  if (after === before) return "no-more";
  if (after === 0) lines.delete(product.id);
  else lines.set(product.id, { quantity: after, cents: product.cents, name: product.name });
  forgetNote(product.id);
  saveCart(lines);
  return "done";
}

export function removeLine(id) {
  const lines = cart();
  lines.delete(id);
  forgetNote(id);
  saveCart(lines);
}

/** Product id -> what became of its line without the customer: `{ name, from, to, was, now }`. */
export const notes = () => new Map(Object.entries(read(NOTES, {})));

function forgetNote(id) {
  const kept = notes();
  if (kept.delete(id)) write(NOTES, Object.fromEntries(kept));
}

export function forgetNotes() {
  write(NOTES, null);
  notifyListeners();
}

/**
 * Fits the cart to the catalogue: no more than there is, at today's prices. What had to change is
 * noted for the customer.
 */
export function fitCart(products) {
  const offered = new Map(products.map((product) => [product.id, product]));
  const lines = cart();
  const noted = notes();
  let changed = false;
  for (const [id, line] of [...lines]) {
    const product = offered.get(id);
    const left = Math.min(line.quantity, product === undefined ? 0 : mostOf(product));
    const cents = product?.cents ?? line.cents;
    if (left === line.quantity && cents === line.cents) continue;
    changed = true;
    const earlier = noted.get(id);
    noted.set(id, {
      name: product?.name ?? line.name ?? "A product", currency: product?.currency ?? "USD",
      from: earlier?.from ?? line.quantity, to: left,
      was: earlier?.was ?? line.cents, now: cents,
    });
    if (left === 0) lines.delete(id);
    else lines.set(id, { ...line, quantity: left, cents });
  }
  if (!changed) return false;
  write(NOTES, Object.fromEntries(noted));
  saveCart(lines);
  return true;
}

/** The cart's lines with their products, in the order in which they were put in. */
export function linesOf(products) {
  const offered = new Map(products.map((product) => [product.id, product]));
  return [...cart()]
    .map(([id, line]) => ({ product: offered.get(id), quantity: line.quantity }))
    .filter((line) => line.product !== undefined);
}

export const totalOf = (lines) =>
  lines.reduce((sum, line) => sum + line.quantity * line.product.cents, 0);

/** The order under way: `{ key, order, receipt }`, kept until its outcome is known. */
export const pendingOrder = () => {
  const pending = read(PENDING, null);
  return typeof pending?.key === "string" ? pending : null;
};

/** Keeps an order before it is sent, under a new key of 128 random bits. */
export function startOrder(order, receipt) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const pending = { key, order, receipt };
  write(PENDING, pending);
  return pending;
}

/** Drops the order under way once it is certain that it was refused. */
export function dropOrder(key) {
  if (pendingOrder()?.key === key) write(PENDING, null);
}

/**
 * Files an order that was placed and takes just what was ordered out of the cart. Of two tabs that
 * hear of it only the first does so.
 */
export function finishOrder(pending, orderId) {
  const orders = read(ORDERS, []);
  const others = Array.isArray(orders) ? orders.filter((order) => order.orderId !== orderId) : [];
  write(ORDERS, [{ ...pending.receipt, orderId, key: pending.key }, ...others].slice(0, KEPT_ORDERS));
  if (pendingOrder()?.key !== pending.key) return;
  write(PENDING, null);
  const lines = cart();
  for (const { productId, quantity } of pending.order.items) {
    const line = lines.get(productId);
    if (line === undefined) continue;
    if (line.quantity > quantity) lines.set(productId, { ...line, quantity: line.quantity - quantity });
    else lines.delete(productId);
  }
  write(NOTES, null);
  saveCart(lines);
}

const findOrder = (matches) => {
  const orders = read(ORDERS, []);
  return Array.isArray(orders) ? orders.find(matches) ?? null : null;
};

/** An order that was placed from this browser, by its number. */
export const placedOrder = (orderId) => findOrder((order) => order.orderId === orderId);

/** The same by the key under which it was sent. */
export const placedUnder = (key) => findOrder((order) => order.key === key);
