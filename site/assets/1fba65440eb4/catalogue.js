// The catalogue's page. Search, category, sort and how many are shown stand in the address, so that
// a reload, the Back button and a link to a friend show the same.

import { announce, byId, fill, element } from "./dom.js";
import { productCard } from "./card.js";
import { products, refresh, startShell } from "./shell.js";

const STEP = 24;
const TYPING_MS = 150;
const SORTS = {
  "": () => 0,
  "price-up": (a, b) => a.cents - b.cents,
  "price-down": (a, b) => b.cents - a.cents,
  name: (a, b) => a.name.localeCompare(b.name, "en"),
};

let wanted = readAddress();
/** What the list was drawn from last: the cart's changes alone do not draw it anew. */
let drawn = "";
let drawnProducts = null;

function readAddress() {
  const query = new URLSearchParams(location.search);
  const sort = query.get("sort") ?? "";
  const show = Number(query.get("show"));
  return {
    q: (query.get("q") ?? "").slice(0, 80),
    category: query.get("category") ?? "",
    sort: Object.hasOwn(SORTS, sort) ? sort : "",
    show: Number.isInteger(show) && show > STEP && show <= 10_000 ? show : STEP,
  };
}

function addressOf({ q, category, sort, show }) {
  const query = new URLSearchParams();
  if (q !== "") query.set("q", q);
  if (category !== "") query.set("category", category);
  if (sort !== "") query.set("sort", sort);
  if (show > STEP) query.set("show", String(show));
  const text = query.toString();
  return text === "" ? "/" : `/?${text}`;
}

/** Shows another view; `keep` replaces the entry in the history, as while typing. */
function changeView(change, keep = false) {
  wanted = { ...wanted, show: STEP, ...change };
  history[keep ? "replaceState" : "pushState"](null, "", addressOf(wanted));
  show();
  announce(`${found().length} products found.`);
}

function found() {
  const words = wanted.q.toLocaleLowerCase("en").split(/\s+/).filter(Boolean);
  const matches = (product) => {
    if (wanted.category !== "" && product.category !== wanted.category) return false;
    const text = `${product.name} ${product.description} ${product.category}`.toLocaleLowerCase("en");
    return words.every((word) => text.includes(word));
  };
  return (products ?? []).filter(matches).sort(SORTS[wanted.sort]);
}

function show() {
  if (byId("search").value !== wanted.q) byId("search").value = wanted.q;
  byId("sort").value = wanted.sort;
  document.body.dataset.view = wanted.q === "" && wanted.category === "" ? "all" : "part";
  if (products === null) {
    if (document.body.dataset.catalogue === "failed") byId("products").replaceChildren();
    return;
  }
  const view = addressOf(wanted);
  if (view === drawn && products === drawnProducts) return;
  drawn = view;
  drawnProducts = products;
  showCategories();
  const all = found();
  const list = byId("products");
  list.replaceChildren(...all.slice(0, wanted.show).map((product, place) => productCard(product, place < 4)));
  byId("found").textContent = all.length === 1 ? "1 product" : `${all.length} products`;
  byId("nothing").hidden = all.length > 0;
  showMore(all.length);
}

function showCategories() {
  const names = [...new Set(products.map((product) => product.category).filter(Boolean))].sort();
  const chip = (name, label) => element("a", {
    class: "chip", href: addressOf({ ...wanted, category: name, show: STEP }), "data-focus": `category ${name}`,
    "aria-current": name === wanted.category ? "true" : null,
    click: (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      changeView({ category: name });
    },
  }, label);
  fill(byId("filter"), [chip("", "All"), ...names.map((name) => chip(name, name))], byId("products"));
}

function showMore(count) {
  const shown = Math.min(wanted.show, count);
  byId("more").replaceChildren(...(shown >= count ? [] : [
    element("p", { class: "soft" }, `You have seen ${shown} of ${count}.`),
    element("button", { type: "button", class: "button plain", "data-testid": "show-more", click: () => {
      changeView({ show: wanted.show + STEP }, true);
      byId("products").children[shown]?.querySelector("a").focus();
    } }, `Show ${Math.min(STEP, count - shown)} more`),
  ]));
}

let typing = 0;
byId("search").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => changeView({ q: event.target.value.trim().slice(0, 80) }, true), TYPING_MS);
});
byId("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  changeView({ q: byId("search").value.trim().slice(0, 80) });
});
byId("sort").addEventListener("change", (event) => changeView({ sort: event.target.value }));
byId("show-all").addEventListener("click", () => {
  changeView({ q: "", category: "" });
  byId("search").focus();
});
addEventListener("popstate", () => {
  wanted = readAddress();
  show();
});

startShell(show);
void refresh();
