// The cart: quantities by product id, kept in this browser. Prices are never stored, they come from the catalogue.

const KEY = "morrow-cart";
const MOST_OF_ONE = 99;
const MOST_PRODUCTS = 50;

export class Cart {
  #quantities = new Map();

  constructor() {
    try {
      const saved = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      for (const [id, quantity] of Object.entries(saved)) this.#set(id, quantity);
    } catch {
      // Storage may be off, or hold somebody else's text: then the cart starts empty.
    }
  }

  /** Puts the product's quantity `by` higher or lower, within stock. False where nothing changed. */
  change(product, by) {
    const before = this.quantity(product.id);
    const most = Math.min(MOST_OF_ONE, product.stock ?? MOST_OF_ONE);
    this.#set(product.id, Math.min(before + by, Math.max(most, 0)));
    this.#save();
    return this.quantity(product.id) !== before;
  }

  remove(id) {
    this.#quantities.delete(id);
    this.#save();
  }

  clear() {
    this.#quantities.clear();
    this.#save();
  }

  quantity(id) {
    return this.#quantities.get(id) ?? 0;
  }

  /** Forgets what the catalogue no longer has or has sold out. True where something was forgotten. */
  keepOnly(catalogue) {
    const offered = new Map(catalogue.map((product) => [product.id, Math.min(MOST_OF_ONE, product.stock ?? MOST_OF_ONE)]));
    let lost = false;
    for (const [id, quantity] of [...this.#quantities]) {
      const kept = Math.min(quantity, Math.max(offered.get(id) ?? 0, 0));
      lost ||= kept !== quantity;
      this.#set(id, kept);
    }
    this.#save();
    return lost;
  }

  /** Lines in the catalogue's order. */
  lines(catalogue) {
    return catalogue
      .map((product) => ({ product, quantity: this.quantity(product.id) }))
      .filter((line) => line.quantity > 0);
  }

  #set(id, quantity) {
    if (Number.isInteger(quantity) && quantity > 0 && quantity <= MOST_OF_ONE) {
      if (this.#quantities.has(id) || this.#quantities.size < MOST_PRODUCTS) this.#quantities.set(id, quantity);
    } else {
      this.#quantities.delete(id);
    }
  }

  #save() {
    try {
      localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(this.#quantities)));
    } catch {
      // Without storage the cart lives as long as the page.
    }
  }
}

export const pieces = (lines) => lines.reduce((sum, line) => sum + line.quantity, 0);
export const totalCents = (lines) => lines.reduce((sum, line) => sum + line.quantity * line.product.cents, 0);
