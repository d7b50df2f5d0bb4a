"use strict";

/* Plots: each is drawn from the data beside it; expressions are interpreted, as the policy forbids
   to compile them. */
for (const place of document.querySelectorAll("[data-plot]")) {
  const spec = JSON.parse(document.getElementById(place.dataset.plot).textContent);
  vegaEmbed(place, spec, {
    actions: false,
    ast: true,
    defaultStyle: false,
    mode: "vega-lite",
    renderer: "svg",
    tooltip: { disableDefaultStyle: true },
  }).then(
    (drawn) => {
      fit(place.querySelector("svg"));
      place.dataset.drawn = "yes";
      return drawn;
    },
    (error) => {
      place.textContent = `This plot could not be drawn: ${error.message}`;
      place.dataset.drawn = "no";
    },
  );
}

/* A plot wider than its column or its sheet is made smaller as a whole, never cut. */
function fit(svg) {
  if (!svg.hasAttribute("viewBox")) {
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }
}

/* Reports: a panel is made when its report is opened, and anew when another variant is chosen. */
const reports = [...document.querySelectorAll("details.report")];
const variant = document.getElementById("variant");
const words = document.getElementById("words");
const shown = document.getElementById("shown");

function chosen() {
  return variant ? Number(variant.value) : 0;
}

function fill(report) {
  const panel = report.querySelectorAll("template")[chosen()];
  report.querySelector(".panel").replaceChildren(panel.content.cloneNode(true));
}

function kept(report) {
  const state = report.dataset.states.split(" ")[chosen()];
  const asked = document.querySelector("input[name=show]:checked").value;
  const ofState = asked === "all" || asked.split(" ").includes(state);
  const text = report.dataset.search.toLowerCase();
  const every = words.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  return ofState && every;
}

function update() {
  let count = 0;
  for (const report of reports) {
    report.hidden = !kept(report);
    count += report.hidden ? 0 : 1;
    for (const [place, mark] of report.querySelectorAll("summary .state").entries()) {
      mark.hidden = place !== chosen();
    }
    if (report.open) fill(report);
  }
  shown.textContent = `${count} of ${reports.length} shown`;
}

for (const report of reports) {
  report.addEventListener("toggle", () => report.open && fill(report));
}
if (reports.length) {
  document.getElementById("controls").addEventListener("input", update);
  document.getElementById("open").addEventListener("click", () => {
    for (const report of reports) report.open = !report.hidden;
  });
  document.getElementById("close").addEventListener("click", () => {
    for (const report of reports) report.open = false;
  });
  update();
}
