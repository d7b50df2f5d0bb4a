// What every page needs: dialogs, messages, and the rule that typing is never a shortcut.

export const isTyping = (event) =>
  event.target.closest("input, select, textarea, [contenteditable]") !== null ||
  document.querySelector("dialog[open]") !== null;

export const plainKey = (event) => !event.ctrlKey && !event.metaKey && !event.altKey;

export function say(words) {
  const said = document.getElementById("said");
  if (said) said.textContent = words;
}

// A line that the next key takes away, unlike what the server answered.
export function complain(words) {
  const line = document.createElement("p");
  line.className = "message passing";
  line.textContent = words;
  document.getElementById("messages").replaceChildren(line);
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("[data-dismiss]")) event.target.closest(".message").remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "?" && plainKey(event) && !isTyping(event)) {
    event.preventDefault();
    document.getElementById("shortcuts")?.showModal();
  }
});

// A message is about the last step: the next one that succeeds takes it away.
document.addEventListener("htmx:afterRequest", (event) => {
  const { verb, path } = event.detail.requestConfig;
  if (event.detail.successful && verb === "post" && !path.includes("/renew")) {
    document.getElementById("messages").replaceChildren();
  }
});

document.addEventListener("htmx:sendError", () =>
  complain("The server does not answer: your last step was not saved. Is it still running?"),
);
