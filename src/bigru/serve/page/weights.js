// The weight of each character, split into what the two readers contributed.

import { h } from "./dom.js";
import { signed, t } from "./language.js";

const PARTS = ["forward", "backward", "rest", "bias"];

// Of no text at all the greatest weight is nothing; a share of it must still be a number.
const LEAST = 1e-9;

function greatest(values) {
  return Math.max(LEAST, ...values.map(Math.abs));
}

function sum(found) {
  const most = greatest(PARTS.map((part) => found.parts[part]));
  const column = (part) => {
    const value = found.parts[part];
    const share = Math.abs(value) / most;
    return h(
      "div",
      { class: `part ${part}` },
      h("dt", {}, t(part)),
      h("dd", { class: "number" }, signed(value)),
      h("dd", { class: `reach ${value < 0 ? "against" : "for"}`, "aria-hidden": "true", vars: { share } }),
    );
  };
  return h(
    "div",
    { class: "sum" },
    h(
      "p",
      { class: "total" },
      h("span", {}, t("score", { label: found.label })),
      h("strong", { class: "number", "data-role": "score" }, signed(found.score)),
    ),
    h("dl", { title: t("scoreHelp") }, PARTS.map(column)),
  );
}

function sentence(entry) {
  const numbers = Object.fromEntries(["total", "forward", "backward", "rest"].map((key) => [key, signed(entry[key])]));
  return t("detail", { text: `「${entry.text}」`, ...numbers });
}

const side = (value) => (value < 0 ? "against" : "for");

function cell(entry, most, mostOfTotals, n) {
  const bar = (part) =>
    h("span", { class: `bar ${part} ${side(entry[part])}`, vars: { share: Math.abs(entry[part]) / most } });
  return h(
    "span",
    {
      class: `weight ${side(entry.total)}`,
      role: "option",
      tabindex: n === 0 ? "0" : "-1",
      "aria-selected": "false",
      "aria-label": sentence(entry),
      "data-n": n,
      vars: { share: Math.abs(entry.total) / mostOfTotals },
    },
    h("span", { class: "words", "aria-hidden": "true" }, entry.text),
    h("span", { class: "bars", "aria-hidden": "true" }, bar("forward"), bar("backward")),
  );
}

// Between words lie spaces, which no model was asked about.
function cells(text, entries) {
  const most = greatest(entries.flatMap((entry) => [entry.forward, entry.backward]));
  const mostOfTotals = greatest(entries.map((entry) => entry.total));
  const characters = Array.from(text);
  const parts = [];
  let at = 0;
  entries.forEach((entry, n) => {
    if (entry.start > at) parts.push(h("span", { class: "gap" }, characters.slice(at, entry.start).join("")));
    parts.push(cell(entry, most, mostOfTotals, n));
    at = entry.end;
  });
  return parts;
}

function legend(label) {
  const entry = (kind, text) => h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), text);
  return h(
    "ul",
    { class: "legend" },
    entry("for", t("legendFor", { label })),
    entry("against", t("legendAgainst")),
    entry("forward", t("legendForward")),
    entry("backward", t("legendBackward")),
    h("li", {}, t("legendLine")),
  );
}

const STEP = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

// One character at a time is chosen: by pointer, by tap, or by the arrow keys.
function choosing(box, entries, detail) {
  let chosen = null;
  const show = (n) => {
    const all = box.querySelectorAll(".weight");
    if (chosen !== null) {
      all[chosen].setAttribute("aria-selected", "false");
      all[chosen].tabIndex = -1;
    }
    chosen = n;
    all[n].setAttribute("aria-selected", "true");
    all[n].tabIndex = 0;
    detail.textContent = sentence(entries[n]);
    detail.classList.remove("quiet");
  };
  const at = (event) => event.target.closest?.(".weight")?.dataset.n;
  for (const name of ["pointerover", "click", "focusin"]) {
    box.addEventListener(name, (event) => at(event) !== undefined && show(Number(at(event))));
  }
  box.addEventListener("keydown", (event) => {
    if (!(event.key in STEP)) return;
    event.preventDefault();
    const n = Math.min(entries.length - 1, Math.max(0, (chosen ?? 0) + STEP[event.key]));
    box.querySelectorAll(".weight")[n].focus();
  });
}

function title(found) {
  if (found.together > 1) return t("whySome", { n: found.together });
  const words = found.characters.some((entry) => Array.from(entry.text).length > 1);
  return words ? t("whyWords") : t("why");
}

// The whole explanation: the sum, the text, the chosen character, and how it is to be read.
export function weights(text, found) {
  const entries = found.characters;
  const box = h(
    "div",
    { class: "specimen weights", role: "listbox", "aria-orientation": "horizontal", "aria-label": title(found) },
    cells(text, entries),
  );
  const detail = h("p", { class: "detail quiet", "data-role": "detail" }, t("hint"));
  choosing(box, entries, detail);
  return h(
    "section",
    { class: "why", "aria-label": title(found), "data-role": "why" },
    h("h2", {}, title(found)),
    box,
    detail,
    legend(found.label),
    sum(found),
  );
}
