// The claim, number, finding and words that the next step is about.

import { say } from "./app.js";

export const root = document.getElementById("case");
export const mine = root.dataset.mine === "yes";

export const all = (selector) => [...document.querySelectorAll(selector)];
export const one = (selector) => document.querySelector(selector);

// What is chosen, by names that outlive a swap of the page's parts.
export const chosen = { item: null, number: null, finding: null, words: null };

export const items = () => all(".claim[data-item]");
export const numbers = () => all("#text .number");
export const findings = () => all("#bench .finding");
export const openFindings = () => all("#bench .finding:not(.stands)");

export const itemNow = () => one(`#item-${chosen.item}`);
export const numberNow = () => one(`#text .number[data-start="${chosen.number}"]`);
export const findingNow = () => findings().find((each) => each.dataset.keyOf === chosen.finding) ?? null;

export function show() {
  if (chosen.item === null || itemNow() === null) chosen.item = items()[0]?.dataset.item ?? null;
  for (const each of all(".is-chosen")) each.classList.remove("is-chosen");
  for (const each of all(".is-quoted")) each.classList.remove("is-quoted");
  itemNow()?.classList.add("is-chosen");
  if (chosen.item) for (const each of all(`#text .of-${chosen.item}`)) each.classList.add("is-quoted");
  numberNow()?.classList.add("is-chosen");
  findingNow()?.classList.add("is-chosen");
  if (!mine) return;
  one("#numberbar").hidden = numberNow() === null;
  one("#wordsbar").hidden = chosen.words === null;
  if (numberNow()) one("#number-words").textContent = wordsOf(numberNow());
  for (const each of all(".chosen-item")) each.textContent = chosen.item ?? "no claim";
}

export const wordsOf = (number) => number.firstChild.textContent;

export function choose(kind, element, { focus = true } = {}) {
  if (!element) return;
  if (kind === "item") chosen.item = element.dataset.item;
  if (kind === "number") chosen.number = element.dataset.start;
  if (kind === "finding") {
    chosen.finding = element.dataset.keyOf;
    const home = element.closest(".claim");
    if (home) chosen.item = home.dataset.item;
    const start = element.dataset.starts.trim().split(" ")[0];
    if (start) chosen.number = start;
  }
  show();
  if (focus) element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
  if (kind === "finding") numberNow()?.scrollIntoView({ block: "nearest" });
  if (kind === "number") say(element.getAttribute("aria-label"));
  if (kind === "item") say(element.querySelector(".title").textContent.replace(/\s+/g, " "));
}

export function step(kind, list, by) {
  const now = { item: itemNow, number: numberNow, finding: findingNow }[kind]();
  const place = list.indexOf(now);
  choose(kind, list[place < 0 ? (by > 0 ? 0 : list.length - 1) : (place + by + list.length) % list.length]);
}

export function jump(start) {
  choose("number", one(`#text .number[data-start="${start}"]`));
}
