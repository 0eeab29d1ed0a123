"use strict";

/* Charts: the drawing in the file is replaced by a live one, with tooltips, when it comes into view. */

const PHONE = 900;
const LEAST_PLOT = 170;
const LEAST_CHART = 600;
const CATEGORY = 48;

/* How narrow a plot may become; Infinity where that cannot be told. Categories need room for their labels. */
function leastWidth(spec, plot) {
  const parts = plot.layer || [plot];
  const x = [plot, ...parts].map((part) => part.encoding?.x).find((channel) => channel?.field);
  if (typeof plot.width !== "number" || !x) return Infinity;
  if (x.type === "quantitative") return LEAST_PLOT;
  const data = [plot, ...parts, spec].map((part) => part.data).find(Boolean);
  const rows = data?.values || spec.datasets?.[data?.name];
  return rows ? CATEGORY * new Set(rows.map((row) => row[x.field])).size : Infinity;
}

/* The specification fitted to a narrow screen; what cannot be fitted is made smaller and scrolls. */
function narrowed(spec, natural, available) {
  if (natural <= available) return { spec, shrunk: 1 };
  const copy = structuredClone(spec);
  for (const plot of copy.vconcat || [copy]) {
    const width = available - Math.max(natural - plot.width, 0);
    const least = leastWidth(copy, plot);
    if (!Number.isFinite(least) || (width < least && least > LEAST_PLOT)) {
      return { spec, shrunk: Math.min(1, Math.max(available, LEAST_CHART) / natural) };
    }
    const before = plot.width;
    plot.width = Math.min(before, Math.max(width, least));
    for (const part of plot.layer || [plot]) {
      if (part.mark?.type === "bar" && part.mark.size && least > LEAST_PLOT) part.mark.size *= plot.width / before;
    }
  }
  if (window.innerWidth < PHONE) copy.config = { ...copy.config, axis: { ...copy.config?.axis, labelLimit: 120 } };
  return { spec: copy, shrunk: 1 };
}

async function draw(figure) {
  const still = figure.querySelector(".drawing");
  const spec = JSON.parse(figure.querySelector("script").textContent);
  const natural = Number(still.querySelector("svg").getAttribute("width"));
  const live = document.createElement("div");
  live.className = "drawing";
  const options = { renderer: "svg", actions: false, ast: true, tooltip: { theme: "pack" } };
  const fitted = narrowed(spec, natural, figure.clientWidth);
  if (typeof vegaEmbed === "undefined") return;
  await vegaEmbed(live, fitted.spec, options);
  if (fitted.shrunk < 1) live.querySelector("svg").style.width = `${Math.round(natural * fitted.shrunk)}px`;
  still.replaceWith(live);
  figure.dataset.live = "yes";
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target).catch((error) => console.warn("chart stays as drawn:", error));
    }
  },
  { rootMargin: "300px" },
);
document.querySelectorAll("figure.chart").forEach((figure) => seen.observe(figure));

/* Choices: without this script they fold out under the page's own display; with it one is shown in its place. */

function offer(choices) {
  const page = choices.closest("article");
  const own = page.querySelector(":scope > .charts");
  const title = page.querySelector("h3");
  const finding = title.textContent;
  const others = Array.from(choices.children);
  const label = document.createElement("label");
  const select = document.createElement("select");
  label.className = "chooser";
  label.append(choices.dataset.choose, select);
  select.add(new Option(choices.dataset.own, -1));
  const groups = new Map();
  others.forEach((other, at) => {
    const name = other.dataset.group;
    if (name && !groups.has(name)) {
      const group = document.createElement("optgroup");
      group.label = name;
      groups.set(name, select.appendChild(group));
    }
    (groups.get(name) || select).append(new Option(other.querySelector("summary").textContent, at));
  });
  select.addEventListener("change", () => {
    const chosen = others[select.value];
    others.forEach((other) => { other.open = other === chosen; });
    if (own) own.hidden = Boolean(chosen);
    title.textContent = chosen ? chosen.querySelector("p").textContent : finding;
  });
  choices.classList.add("offered");
  (own || choices).before(label);
}
document.querySelectorAll(".choices").forEach(offer);

/* Tables: sorted by a click on a heading, unknown values always last; rows filtered by what is typed. */

const collator = new Intl.Collator(["zh-Hans-CN"], { numeric: true, sensitivity: "base" });

function compare(kind, down) {
  const direction = down ? -1 : 1;
  return (a, b) => {
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.at - b.at;
    const order = kind === "number" ? a.key - b.key : collator.compare(a.key, b.key);
    return direction * order || a.at - b.at;
  };
}

function keyOf(cell, kind) {
  if (kind === "number") return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
  return cell.classList.contains("null") ? null : cell.textContent;
}

function sortBy(head) {
  const table = head.closest("table");
  const kind = head.dataset.kind;
  const was = head.getAttribute("aria-sort");
  const down = was === "none" ? kind === "number" : was === "ascending";
  for (const other of head.parentElement.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row, at) => {
    row.dataset.at ??= at;
    return { row, at: Number(row.dataset.at), key: keyOf(row.cells[head.cellIndex], kind) };
  });
  rows.sort(compare(kind, down));
  body.append(...rows.map((entry) => entry.row));
}

function filterRows(box) {
  const holder = box.closest(".table");
  const table = holder.querySelector("table");
  const wanted = box.value.trim().toLowerCase().split(/\s+/u).filter(Boolean);
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    const text = Array.from(row.cells, (cell) => cell.textContent).join("\t").toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
    shown += !row.hidden;
  }
  table.classList.toggle("narrowed", wanted.length > 0);
  const count = holder.querySelector(".tally");
  count.textContent = wanted.length ? count.dataset.text.replace("{shown}", shown.toLocaleString("en")) : "";
}

document.addEventListener("click", (event) => {
  const head = event.target.closest("th[data-kind]");
  if (head) sortBy(head);
});
document.addEventListener("input", (event) => {
  if (event.target.matches("input.filter")) filterRows(event.target);
});

/* Contents: folded on a phone, and the page in view is marked. */

const contents = document.querySelector("nav.contents details");
if (window.innerWidth < PHONE) contents.open = false;
contents.addEventListener("click", (event) => {
  if (window.innerWidth < PHONE && event.target.closest("a")) contents.open = false;
});

const links = new Map(
  Array.from(document.querySelectorAll("nav.contents a[href^='#page-']"), (link) => [link.hash.slice(1), link]),
);
const reading = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  },
  { rootMargin: "-10% 0px -80% 0px" },
);
document.querySelectorAll("article.page").forEach((page) => reading.observe(page));
