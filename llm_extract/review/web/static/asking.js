// Questions of a step, asked in a dialog.

// A question with one or several answers; `fields` are [label, element] pairs.
export function ask(title, fields, then) {
  const dialog = document.getElementById("choose");
  const form = dialog.querySelector("form");
  document.getElementById("choose-title").textContent = title;
  const rows = fields.map(([label, element]) => {
    const row = document.createElement("label");
    row.append(label, " ", element);
    return row;
  });
  const done = document.createElement("button");
  done.className = "main";
  done.textContent = "Do it";
  document.getElementById("choose-options").replaceChildren(...rows, done);
  form.onsubmit = () => then(...fields.map(([, element]) => element.value));
  form.onkeydown = (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "SELECT") return;
    event.preventDefault(); // browsers open the list, or do nothing
    done.click();
  };
  dialog.showModal();
  fields[0][1].focus();
}

export function select(template) {
  const made = document.createElement("select");
  made.append(document.getElementById(template).content.cloneNode(true));
  return made;
}

export function selectOf(values) {
  const made = document.createElement("select");
  for (const [value, words] of values) made.add(new Option(words, value));
  return made;
}

export function input(type, value = "") {
  const made = document.createElement("input");
  made.type = type;
  made.value = value;
  return made;
}
