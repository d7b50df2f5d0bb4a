// Steps of a reviewer, each one post that the server judges and answers with the changed parts.

import { say } from "./app.js";
import { all, choose, chosen, findingNow, findings, itemNow, one, openFindings, root, show } from "./choosing.js";

export const address = (step) => `/cases/${root.dataset.case}/${step}?${root.dataset.query}`;

let busy = Promise.resolve();
let open = 0;
const waiting = []; // keys that were pressed before the step they follow was answered

// Do it now, or when all steps before it are answered.
export function afterSteps(act) {
  if (open > 0) waiting.push(act);
  else act();
}

// The root swaps nothing itself: parts come out of band, and lines about errors go where they belong.
// Steps go out one after the other, each with the version that the one before it left.
export function post(step, values) {
  const send = () => {
    const { version } = one("#bench").dataset;
    return htmx.ajax("POST", address(step), { values: { ...values, version }, source: root });
  };
  const done = () => {
    open -= 1;
    while (open === 0 && waiting.length > 0) waiting.shift()();
  };
  open += 1;
  busy = busy.then(send).then(done, done); // a step that failed is told of, and holds up none
  return busy;
}

export const edit = (values) => post("edit", values);

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
let onward = false;

// The next step is about the chosen finding: once that is done, the next one comes.
export function goOnward() {
  onward = true;
}

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
