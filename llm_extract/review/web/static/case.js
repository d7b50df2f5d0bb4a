// The screen of a case: everything by keyboard, each step one post, the server judges and answers.

import { complain, isTyping, plainKey, say } from "./app.js";
import { ask, input, select, selectOf } from "./asking.js";
import { selectedWords } from "./selection.js";

const root = document.getElementById("case");
const pk = root.dataset.case;
const mine = root.dataset.mine === "yes";
const address = (step) => `/cases/${pk}/${step}?${root.dataset.query}`;

const all = (selector) => [...document.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);

// What is chosen, by names that outlive a swap of the page's parts.
const chosen = { item: null, number: null, finding: null, words: null };

// --- posting ------------------------------------------------------------------------------------

let busy = Promise.resolve();

// The root swaps nothing itself: parts come out of band, and lines about errors go where they belong.
// Steps go out one after the other, each with the version that the one before it left.
function post(step, values) {
  const send = () => {
    const { version } = one("#bench").dataset;
    return htmx.ajax("POST", address(step), { values: { ...values, version }, source: root });
  };
  busy = busy.then(send).catch(() => undefined); // a step that failed is told of, and holds up none
  return busy;
}

const edit = (values) => post("edit", values);

document.addEventListener("htmx:responseError", (event) => {
  if (form) delete form.dataset.sent;
  onward = false;
  if (event.detail.xhr.status === 409) {
    htmx.ajax("GET", address("parts"), { source: root });
  }
});

// What a swap would lose: a form that is being filled in, the place of the finding, the focus, the
// reason that was given.
let form = null;
let place = 0;
let focused = null;
let reason = "";
let onward = false; // whether the step was about a finding, so that the next one comes

document.addEventListener("htmx:beforeSwap", () => {
  form = one(".field-form");
  place = openFindings().indexOf(findingNow());
  focused = addressOf(document.activeElement);
  reason = one("#why-corrected")?.value ?? "";
});

document.addEventListener("htmx:afterSettle", () => {
  const version = one("#bench").dataset.version;
  for (const field of all("form[data-versioned] [name=version]")) field.value = version;
  if (form && !form.isConnected && !form.dataset.sent) one(`#fields-${form.dataset.item}`)?.append(form);
  const why = one("#why-corrected");
  if (why) why.value = reason;
  const isDone = chosen.finding !== null && !openFindings().includes(findingNow());
  if (isDone) chosen.finding = null;
  show();
  if (isDone && onward) choose("finding", openFindings()[place] ?? openFindings()[0]);
  onward = false;
  const lost = () => document.activeElement === document.body;
  if (lost() && focused) one(focused)?.focus({ preventScroll: true });
  if (lost()) itemNow()?.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { verb, path } = event.detail.requestConfig;
  if (!event.detail.successful || verb !== "post" || path.includes("/renew")) return;
  const errors = one(".open-errors")?.textContent ?? "no open errors";
  say(`Done: ${errors}, ${findings().length} findings.`);
});

// A selector that finds an element again in the parts that take the place of its own.
function addressOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.dataset.key) return `[data-key="${element.dataset.key}"]`;
  if (element.matches("#text .number")) return `#text .number[data-start="${element.dataset.start}"]`;
  const home = element.closest("[id]");
  return home ? `#${CSS.escape(home.id)}` : null;
}

// --- choosing -----------------------------------------------------------------------------------

const items = () => all(".claim[data-item]");
const numbers = () => all("#text .number");
const findings = () => all("#bench .finding");
const openFindings = () => all("#bench .finding:not(.stands)");

const itemNow = () => one(`#item-${chosen.item}`);
const numberNow = () => one(`#text .number[data-start="${chosen.number}"]`);
const findingNow = () => findings().find((each) => each.dataset.keyOf === chosen.finding) ?? null;

function show() {
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

const wordsOf = (number) => number.firstChild.textContent;

function choose(kind, element, { focus = true } = {}) {
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

function step(kind, list, by) {
  const now = { item: itemNow, number: numberNow, finding: findingNow }[kind]();
  const place = list.indexOf(now);
  choose(kind, list[place < 0 ? (by > 0 ? 0 : list.length - 1) : (place + by + list.length) % list.length]);
}

function jump(start) {
  choose("number", one(`#text .number[data-start="${start}"]`));
}

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
    ask(`${wordsOf(number)} is`, [["Qualifier", select("qualifier-options")]], (qualifier) =>
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
  htmx.ajax("GET", `/cases/${pk}/items/${item}`, { target: `#fields-${item}`, swap: "innerHTML" }).then(() =>
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
  onward = true;
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
  let done = looking[event.key] ?? (mine ? changing[event.key] : undefined);
  if (mine && /^[1-9]$/.test(event.key)) done = () => withFinding(`[data-suggestion="${event.key}"]`);
  if (mine && event.key === "Enter" && !event.target.closest("button, a, summary")) done = accept;
  if (done) {
    event.preventDefault();
    one(".message.passing")?.remove();
    done();
  }
});

// --- while it is open ---------------------------------------------------------------------------

if (mine) {
  setInterval(() => htmx.ajax("POST", `/cases/${pk}/renew`, { source: root }), 60_000);
}

show();
itemNow()?.focus({ preventScroll: true });
