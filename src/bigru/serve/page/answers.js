// Labels with their probabilities, and tagged texts with their entities.

import { h } from "./dom.js";
import { known, percent, t } from "./language.js";

const SHOWN = 8;

// What a model calls a label always stands there; beside it, what the label means where the page knows that.
const nameOf = (label) => (known(label) && t(label) !== label ? `${t(label)} ${label}` : label);

function bars(scores, given) {
  const sorted = Object.entries(scores).sort((one, other) => other[1] - one[1]);
  return h(
    "ul",
    { class: "shares", "aria-label": t("sureness") },
    sorted.slice(0, SHOWN).map(([label, share]) =>
      h(
        "li",
        { class: given.includes(label) ? "given" : null },
        h("span", { class: "name" }, nameOf(label)),
        h("span", { class: "track" }, h("span", { class: "fill", vars: { share } })),
        h("span", { class: "number" }, percent(share)),
      ),
    ),
  );
}

// One label or several, each label's probability, and why there is none where there is none.
export function labelled(answer) {
  const given = answer.labels ?? [answer.label];
  const inside = given.every((label) => label in answer.scores);
  return h(
    "div",
    { class: "labelled" },
    h("p", { class: "verdict", "data-role": "label" }, given.map(nameOf).join("  ") || "–"),
    !given.length && h("p", { class: "quiet" }, t("noLabels")),
    !inside && h("p", { class: "quiet" }, t("between")),
    bars(answer.scores, given),
  );
}

function marked(entity, characters) {
  const text = characters.slice(entity.start, entity.end).join("");
  return h(
    "mark",
    { class: "entity", vars: { sure: entity.confidence ?? 1 }, "data-label": entity.label },
    h("span", { class: "words" }, text),
    h("span", { class: "tag" }, `${entity.label} ${entity.confidence === undefined ? "" : percent(entity.confidence)}`),
  );
}

function highlighted(text, entities) {
  const characters = Array.from(text);
  const parts = [];
  let at = 0;
  for (const entity of [...entities].sort((one, other) => one.start - other.start)) {
    if (entity.start < at) continue;
    parts.push(characters.slice(at, entity.start).join(""), marked(entity, characters));
    at = entity.end;
  }
  parts.push(characters.slice(at).join(""));
  return h("p", { class: "specimen entities", "data-role": "entities" }, parts);
}

function listed(entities) {
  const rows = entities.map((entity) =>
    h(
      "tr",
      {},
      h("td", {}, entity.text ?? ""),
      h("td", {}, nameOf(entity.label)),
      h("td", { class: "number" }, entity.confidence === undefined ? "" : percent(entity.confidence)),
    ),
  );
  const head = [t("entity"), t("label"), t("confidence")].map((name, n) =>
    h("th", { scope: "col", class: n === 2 ? "number" : null }, name),
  );
  return h("table", { class: "list" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

function tagsOf(text, answer) {
  const characters = Array.from(text);
  const whole = characters.length === answer.tags.length;
  return h(
    "p",
    { class: "specimen tags", "aria-label": t("tags") },
    answer.tags.map((tag, n) =>
      h(
        "span",
        { class: "unit", vars: { sure: answer.confidence?.[n] ?? 1 } },
        h("span", { class: "words" }, whole ? characters[n] : `${n + 1}`),
        h("span", { class: "tag" }, tag),
      ),
    ),
  );
}

// A tagged text: its entities in place and in a list, or each unit with its tag where a model has no entities.
export function tagged(text, answer) {
  if (!answer.entities) return tagsOf(text, answer);
  if (!answer.entities.length) return h("div", {}, highlighted(text, []), h("p", { class: "quiet" }, t("noEntities")));
  return h("div", {}, highlighted(text, answer.entities), listed(answer.entities));
}
