// The queue by keyboard: j and k go from case to case, x marks, n opens the next one that is free.

import { isTyping, plainKey } from "./app.js";

const links = () => [...document.querySelectorAll("#cases a.case")];

function move(step) {
  const all = links();
  const row = document.activeElement?.closest("#cases tbody tr");
  const here = row ? all.indexOf(row.querySelector("a.case")) : -1;
  const place = here === -1 ? (step > 0 ? 0 : all.length - 1) : here + step;
  all[Math.min(Math.max(place, 0), all.length - 1)]?.focus();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => document.activeElement?.closest("tr")?.querySelector("input[type=checkbox]")?.click(),
  n: () => document.getElementById("next").click(),
  "]": () => document.getElementById("further")?.click(),
  "/": () => document.getElementById("words").focus(),
};

document.addEventListener("keydown", (event) => {
  // A marked box keeps the focus, and is not typed into.
  const ticking = event.target.matches("#cases input[type=checkbox]");
  if (!plainKey(event) || (isTyping(event) && !ticking)) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
