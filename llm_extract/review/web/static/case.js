// The screen of a case by keyboard and mouse: what each key and button does.

import { complain, isTyping, plainKey } from "./app.js";
import { ask, input, select, selectOf } from "./asking.js";
import {
  all, choose, chosen, findingNow, itemNow, items, jump, mine, numberNow, numbers, one, openFindings, root, show,
  step, wordsOf,
} from "./choosing.js";
import { address, afterSteps, edit, goOnward, post } from "./posting.js";
import { selectedWords } from "./selection.js";

// --- selected words -----------------------------------------------------------------------------

document.addEventListener("selectionchange", () => {
  const words = selectedWords();
  if (JSON.stringify(words) === JSON.stringify(chosen.words)) return;
  chosen.words = words;
  show();
});

// --- what can be done ---------------------------------------------------------------------------

function needs(element, words) {
  if (!element) complain(words);
  return Boolean(element);
}

const span = (number) => ({ start: number.dataset.start, end: number.dataset.end });

function put(slot, more = {}) {
  const number = numberNow();
  if (!needs(number, "Choose a number in the text first (n and p, or click on it).")) return;
  if (!needs(itemNow(), "Choose a claim first (j and k), or make one of the number (a).")) return;
  const place = itemNow().dataset.kind === "facility" ? "count" : slot;
  edit({ action: "set_slot", item: chosen.item, slot: place, ...span(number), ...more });
}

function slotsOf(number) {
  return number.dataset.slots.trim().split(" ").filter(Boolean).map((each) => each.split(":"));
}

function clearNumber() {
  const number = numberNow();
  if (!needs(number, "Choose a number in the text first.")) return;
  const slots = slotsOf(number);
  const [item, slot] = slots.find(([id]) => id === chosen.item) ?? slots[0] ?? [];
  if (needs(item, "That number stands in no slot.")) edit({ action: "clear_slot", item, slot });
}

function setAside() {
  const number = numberNow();
  if (!needs(number, "Choose a number in the text first.")) return;
  const isAside = number.classList.contains("aside");
  edit({ action: isAside ? "unset_aside" : "set_aside", ...span(number) });
}

function bindQuote() {
  if (!needs(chosen.words, "Select words of the report first.")) return;
  if (!needs(itemNow(), "Choose a claim first (j and k).")) return;
  edit({ action: "bind_quote", item: chosen.item, ...chosen.words });
  document.getSelection().removeAllRanges();
}

const others = () =>
  items()
    .filter((each) => each.dataset.item !== chosen.item && each.dataset.kind === itemNow().dataset.kind)
    .map((each) => [each.dataset.item, each.querySelector(".title").textContent.replace(/\s+/g, " ").trim()]);

const questions = {
  group() {
    const label = input("text");
    ask("Which group?", [["Group", select("group-options")], ["Words, for group other", label]], (group, words) =>
      put(`subgroups.${group}`, group === "other" ? { label: words } : {}),
    );
  },
  claim() {
    const number = numberNow();
    if (!needs(number, "Choose a number in the text first.")) return;
    ask(`A claim of ${wordsOf(number)}`, [["Outcome", select("outcome-options")]], (outcome) =>
      edit({ action: "add_claim", ...span(number), outcome }),
    );
  },
  facility() {
    const number = numberNow();
    if (!needs(number, "Choose a number in the text first.")) return;
    ask(`Places: ${wordsOf(number)}`, [["Kind", select("kind-options")], ["Effect", select("effect-options")]], (kind, effect) =>
      edit({ action: "add_facility", ...span(number), kind, effect }),
    );
  },
  qualifier() {
    const number = numberNow();
    const [item, slot] = number ? (slotsOf(number).find(([id]) => id === chosen.item) ?? slotsOf(number)[0] ?? []) : [];
    if (!needs(item, "Choose a number that stands in a slot first.")) return;
    ask(`${wordsOf(number)}, ${slot} of ${item}, is`, [["Qualifier", select("qualifier-options")]], (qualifier) =>
      edit({ action: "set_qualifier", item, slot, qualifier }),
    );
  },
  number() {
    const words = chosen.words;
    if (!needs(words, "Select words of the report first.")) return;
    if (!needs(itemNow(), "Choose a claim first (j and k).")) return;
    const slots = itemNow().dataset.kind === "facility" ? ["count"] : ["total", "children", "women", "men"];
    const value = input("number");
    value.min = "0";
    const basis = selectOf([["printed", "printed"], ["counted", "counted one by one"]]);
    ask("The number that these words mean", [["Slot", selectOf(slots.map((each) => [each, each]))], ["Number", value], ["Basis", basis]], (slot, number, how) =>
      edit({ action: "set_number", item: chosen.item, slot, ...words, value: number, basis: how }),
    );
  },
};

const tools = {
  parent() {
    if (!itemNow()) return;
    const { item } = chosen;
    ask(`${item} is part of`, [["Whole", selectOf([["", "nothing"], ...others()])]], (parent) =>
      edit({ action: "set_parent", item, parent }),
    );
  },
  merge() {
    if (!itemNow() || others().length === 0) return;
    const { item } = chosen;
    ask(`${item} says the same as`, [["Claim", selectOf(others())]], (into) => edit({ action: "merge_items", item, into }));
  },
  split() {
    if (!itemNow()) return;
    const { item } = chosen;
    const slots = [...itemNow().querySelectorAll(".slot:not(.derived)")].map((each) => [each.dataset.slot, each.textContent.trim()]);
    if (slots.length < 2) return;
    const made = selectOf(slots);
    made.multiple = true;
    ask(`Slots of ${item} that are a claim of their own`, [["Slots", made]], () =>
      edit({ action: "split_item", item, slots: [...made.selectedOptions].map((each) => each.value).join(",") }),
    );
  },
};

function openFields(item) {
  htmx.ajax("GET", address(`items/${item}`), { target: `#fields-${item}`, swap: "innerHTML" }).then(() =>
    one(`#fields-${item} select, #fields-${item} input:not([type=hidden])`)?.focus(),
  );
}

function closeFields(form) {
  const home = form.closest(".claim");
  form.remove();
  home.focus();
}

// --- clicks -------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at("[data-close]")) at("dialog").close();
  else if (at("#text .number") && document.getSelection().isCollapsed) choose("number", at(".number"));
  else if (at("[data-close-fields]")) closeFields(at("form"));
  if (at(".claim[data-item]") && chosen.item !== at(".claim").dataset.item) choose("item", at(".claim"), { focus: false });
  if (at(".finding") && !at("button")) choose("finding", at(".finding"), { focus: false });
  if (at("[data-jump]")) jump(at("[data-jump]").dataset.jump);
  if (!mine) return;
  if (at("[data-edit]")) edit(JSON.parse(at("[data-edit]").dataset.edit));
  if (at("[data-put]")) put(at("[data-put]").dataset.put);
  if (at("[data-ask]")) questions[at("[data-ask]").dataset.ask]();
  if (at("[data-aside]")) setAside();
  if (at("[data-clear]")) clearNumber();
  if (at("[data-bind]")) bindQuote();
  if (at("[data-tool]")) tools[at("[data-tool]").dataset.tool]();
  if (at("[data-fields]")) openFields(at("[data-fields]").dataset.fields);
  if (at("[data-step]")) post(at("[data-step]").dataset.step, {});
  if (at("[data-side]")) post("side", { decision: at("[data-side]").dataset.side });
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest(".field-form");
  if (!form) return;
  event.preventDefault();
  form.dataset.sent = "yes";
  edit(Object.fromEntries(new FormData(form)));
});

// --- keys ---------------------------------------------------------------------------------------

const press = (selector) => one(selector)?.click();

// The finding that is chosen; without one, the next is chosen to be looked at, and nothing is done.
function withFinding(selector) {
  const finding = findingNow();
  if (!finding) return step("finding", openFindings(), 1);
  const button = finding.querySelector(selector);
  if (!needs(button, "The chosen finding has no such suggestion.")) return;
  goOnward();
  button.click();
}

const looking = {
  j: () => step("item", items(), 1),
  k: () => step("item", items(), -1),
  n: () => step("number", numbers(), 1),
  p: () => step("number", numbers(), -1),
  u: () => step("number", all("#text .number.unbound"), 1),
  f: () => step("finding", openFindings(), 1),
  F: () => step("finding", openFindings(), -1),
  y: () => press('[data-key="y"]'),
  N: () => press('[data-key="N"]'),
};

const changing = {
  t: () => put("total"),
  c: () => put("children"),
  w: () => put("women"),
  m: () => put("men"),
  g: questions.group,
  a: questions.claim,
  A: questions.facility,
  v: questions.qualifier,
  i: questions.number,
  s: setAside,
  x: clearNumber,
  b: bindQuote,
  e: () => chosen.item && openFields(chosen.item),
  P: tools.parent,
  M: tools.merge,
  S: tools.split,
  Delete: () => chosen.item && edit({ action: "delete_item", item: chosen.item }),
  z: () => press('[data-step="undo"]:not(:disabled)'),
  Z: () => press('[data-step="redo"]:not(:disabled)'),
  o: () => withFinding('[data-standing="source_says_so"]'),
  l: () => withFinding('[data-standing="false_alarm"]'),
  r: () => press('[data-key="r"]'),
  d: () => press('[data-key="d"]'),
  q: () => press('[data-key="q"]'),
  Escape: () => press('[data-key="Escape"]'),
};

function accept() {
  const error = one(".finding.error:not(.stands)");
  if (error) {
    choose("finding", error);
    complain("An error is open: correct the record (1 … 9, e), or say that it may stand (o, l).");
    return;
  }
  const form = one("#accept-form");
  const reason = form?.querySelector("[name=reason]");
  if (reason && !reason.value) {
    reason.focus();
    complain("Say why it was corrected, then press Enter.");
    return;
  }
  form?.requestSubmit();
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest(".field-form");
  if (form && event.key === "Escape") return closeFields(form);
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) return form.requestSubmit();
  if (isTyping(event) || !plainKey(event)) {
    // In the reason's list Enter accepts, and nothing else is a shortcut there.
    if (event.key === "Enter" && event.target.id === "why-corrected") {
      event.preventDefault();
      accept();
    }
    return;
  }
  if (event.repeat && !looking[event.key]) return; // a key held down does nothing twice
  let done = looking[event.key] ?? (mine ? changing[event.key] : undefined);
  if (mine && /^[1-9]$/.test(event.key)) done = () => withFinding(`[data-suggestion="${event.key}"]`);
  if (mine && event.key === "Enter" && !event.target.closest("button, a, summary")) done = accept;
  if (done) {
    event.preventDefault();
    one(".message.passing")?.remove();
    afterSteps(done);
  }
});

// --- while it is open ---------------------------------------------------------------------------

if (mine) {
  setInterval(() => htmx.ajax("POST", address("renew"), { source: root }), 60_000);
}

show();
itemNow()?.focus({ preventScroll: true });
