// Selected words of the report as offsets in its text, counted in code points as the server counts.

const points = (words) => [...words].length; // this language counts halves of the rarer characters

const placed = (node) => (node instanceof Element ? node : node.parentElement)?.closest("#text [data-start]");

function placeOf(node, offset) {
  if (node.nodeType === Node.TEXT_NODE) {
    const home = placed(node);
    return home ? Number(home.dataset.start) + points(node.data.slice(0, offset)) : null;
  }
  const next = node.childNodes[offset];
  if (next) {
    const home = placed(next) ?? (node.id === "text" ? next.nextElementSibling : null);
    return home ? Number(home.dataset.start) : null;
  }
  const last = placed(node) ?? (node.id === "text" ? node.lastElementChild : null);
  return last ? Number(last.dataset.start) + points(last.textContent) : null;
}

const isBlank = (words) => /^\s$/.test(words);

// Blanks at its ends, which a double click takes along, are no part of what was meant.
export function selectedWords() {
  const selection = document.getSelection();
  const text = document.getElementById("text");
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!text.contains(range.startContainer)) return null;
  const all = [...text.textContent];
  const inside = text.contains(range.endContainer);
  let start = placeOf(range.startContainer, range.startOffset);
  let end = inside ? placeOf(range.endContainer, range.endOffset) : all.length;
  if (start === null || end === null) return null;
  while (start < end && isBlank(all[start])) start += 1;
  while (end > start && isBlank(all[end - 1])) end -= 1;
  return start < end ? { start, end } : null;
}
