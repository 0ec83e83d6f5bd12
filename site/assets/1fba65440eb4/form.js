// The checkout's form: what is asked, what is wrong with it, and what of it goes to the API.

import { byId } from "./dom.js";

const DRAFT = "shop-checkout-form";

/** Field in the page -> its place in the API's order, its longest text, and how it is asked for. */
const FIELDS = {
  "user-id": { place: "userId", most: 128, ask: "Please enter your e-mail address." },
  name: { place: "delivery.name", most: 100, ask: "Please enter the name on the parcel." },
  street: { place: "delivery.street", most: 200, ask: "Please enter street and number." },
  "postal-code": { place: "delivery.postalCode", most: 20, ask: "Please enter the postal code." },
  city: { place: "delivery.city", most: 100, ask: "Please enter the city." },
  country: { place: "delivery.country", most: 2, ask: "Please choose a country." },
  note: { place: "delivery.note", most: 300, ask: null },
};
/** Characters that cannot be seen; the API refuses them. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

/** Line breaks of a note become spaces, and the signs that choose a picture for an emoji go. */
const textOf = (id) => byId(id).value.replace(/\s+/gu, " ").replace(/[\uFE00-\uFE0F]/gu, "").trim();

/** Fills in what was typed before a reload, and keeps what is typed from now on. */
export function startForm() {
  let draft = {};
  try {
    draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
  } catch {
    // Without storage the form lives as long as the page.
  }
  for (const id of Object.keys(FIELDS)) {
    const field = byId(id);
    if (typeof draft?.[id] === "string" && field.value === "") field.value = draft[id];
    field.addEventListener("input", () => {
      mark(id, "");
      keepDraft();
    });
  }
}

function keepDraft() {
  const draft = Object.fromEntries(Object.keys(FIELDS).map((id) => [id, byId(id).value]));
  try {
    sessionStorage.setItem(DRAFT, JSON.stringify(draft));
  } catch {
    // As above.
  }
}

function fault(id) {
  const { most, ask } = FIELDS[id];
  const text = textOf(id);
  if (text === "") return ask ?? "";
  if ([...text].length > most) return `Please use at most ${most} characters.`;
  if (UNSEEN.test(text)) return "This holds a character that cannot be seen. Please type it again.";
  if (id === "user-id" && !/^[^\s@]+@[^\s@]+$/.test(text)) {
    return "Please enter an e-mail address such as ada@example.org.";
  }
  return "";
}

function mark(id, words) {
  byId(id).setAttribute("aria-invalid", String(words !== ""));
  byId(`${id}-fault`).textContent = words;
}

/** Marks every faulty field and leads to the first. True where all is well. */
export function checkForm() {
  const faults = Object.keys(FIELDS).map((id) => [id, fault(id)]);
  faults.forEach(([id, words]) => mark(id, words));
  const first = faults.find(([, words]) => words !== "");
  if (first !== undefined) byId(first[0]).focus();
  return first === undefined;
}

/** Leads to the field that the API named, or to the first. */
export function markRefused(place) {
  const id = Object.keys(FIELDS).find((each) => FIELDS[each].place === place);
  if (id !== undefined) mark(id, "The shop could not accept this. Please check it.");
  byId(id ?? "user-id").focus();
}

export const isFormField = (place) => Object.values(FIELDS).some((field) => field.place === place);

export function formValues() {
  const delivery = {
    name: textOf("name"), street: textOf("street"), postalCode: textOf("postal-code"),
    city: textOf("city"), country: textOf("country"),
  };
  if (textOf("note") !== "") delivery.note = textOf("note");
  return { userId: textOf("user-id"), delivery };
}
