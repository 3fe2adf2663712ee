// Series and tables: a file is dropped, chosen or pasted, drawn, and answered.

import * as api from "./api.js";
import { labelled } from "./answers.js";
import { chart } from "./chart.js";
import { h } from "./dom.js";
import { percent, t } from "./language.js";
import { columns, steps } from "./table.js";

// Of a long past, so many rows for each one that is forecast are drawn; the model reads all of it.
const PAST = 3;
const LEAST_PAST = 96;

function inputOf(page, words, take) {
  const file = h("input", {
    type: "file", accept: ".csv,.tsv,.json,.jsonl,.txt", "data-t-label": words,
    on: { change: (event) => event.target.files[0] && fromFile(event.target.files[0]) },
  });
  const area = h("textarea", { id: "rows", rows: 3, "data-t-placeholder": "paste", "data-t-label": "paste", spellcheck: "false" });
  const fromFile = async (given) => take(await given.text(), given.name);
  const form = h(
    "form",
    { class: "dropping", on: { submit: (event) => { event.preventDefault(); if (area.value.trim()) take(area.value, t("input")); } } },
    h("label", { class: "target" }, file, h("span", { "data-t": words })),
    area,
    h("div", { class: "row end" }, h("button", { class: "act", "data-t": "draw" })),
  );
  page.drop(form, fromFile);
  return form;
}

// Columns of a text, or a refusal that says which file it was.
function understood(page, text, name) {
  let table = [];
  try {
    table = columns(text);
  } catch {
    page.complain(new api.Refusal(0, t("notRead", { name })));
    return null;
  }
  if (table[0]?.values.length) return table;
  page.complain(new api.Refusal(0, t("emptyFile", { name })));
  return null;
}

const stepNames = (count) => Array.from({ length: count }, (_, n) => t("step", { n: n + 1 }));

function stretches(tags) {
  const found = [];
  tags.forEach((tag, n) => {
    const last = found.at(-1);
    if (last?.tag === tag) last.count += 1;
    else found.push({ tag, from: n, count: 1 });
  });
  return found;
}

// The tags of all steps, as one strip under the lines: as wide as they are long.
function strip(answer) {
  const names = [...new Set(answer.tags)];
  return h(
    "div",
    { class: "strip", role: "img", "aria-label": `${t("tags")}: ${names.join(", ")}` },
    stretches(answer.tags).map(({ tag, from, count }) =>
      h(
        "span",
        { class: `c${(names.indexOf(tag) + 2) % 6}`, vars: { count }, title: `${tag}: ${t("step", { n: from + 1 })} – ${from + count}` },
        h("span", {}, tag),
      ),
    ),
  );
}

function drawnSeries(table) {
  const read = table.filter((column) => column.numeric);
  const lines = read.map(({ name, values }) => ({ name, values }));
  return { lines, bands: [], labels: stepNames(read[0]?.values.length ?? 0) };
}

export function series(page) {
  let found = null;

  async function take(text, name) {
    const model = page.model();
    await page.work(async (current) => {
      const table = understood(page, text, name);
      if (!table) return;
      found = { table, answer: null };
      page.show(draw());
      const answer = await api.predict(model.name, steps(table));
      if (!current()) return;
      found.answer = answer;
      page.show(draw());
    });
  }

  function draw() {
    if (!found) return [];
    const { table, answer } = found;
    const shown = drawnSeries(table);
    const skipped = table.filter((column) => !column.numeric).map((column) => column.name);
    if (answer?.tags?.length === shown.labels.length) {
      shown.notes = answer.tags.map((tag, n) => `${tag} ${answer.confidence ? percent(answer.confidence[n]) : ""}`);
    }
    return [
      answer?.scores && labelled(answer),
      shown.labels.length > 0 && chart(shown, t("series")),
      answer?.tags && strip(answer),
      skipped.length > 0 && h("p", { class: "quiet" }, t("skipped", { names: skipped.join(", ") })),
    ];
  }

  return { input: inputOf(page, "seriesDrop", take), draw };
}

// The rows of a table that belong to a series: all of them, unless an answer names one that a column knows.
function rowsOf(table, answer) {
  const count = table[0].values.length;
  const all = Array.from({ length: count }, (_, n) => n);
  if (!answer.series) return all;
  const owner = table.find((column) => column.values.some((value) => String(value) === answer.series));
  return owner ? all.filter((n) => String(owner.values[n]) === answer.series) : all;
}

function forecastOf(table, answer, target) {
  const place = rowsOf(table, answer);
  const history = table.find((column) => column.name === target);
  const ahead = answer.forecast[target];
  // Rows at the end without the target are the future that is known; the forecast begins there.
  let filled = place.length;
  while (filled > 0 && history && history.values[place[filled - 1]] === null) filled -= 1;
  const kept = place.slice(Math.max(0, filled - Math.max(LEAST_PAST, PAST * ahead.length)), filled);
  const past = history ? kept.map((n) => history.values[n]) : [];
  const clock = table.find((column) => !column.numeric && column.values[0] !== answer.series);
  const labels = [...kept.map((n) => clock?.values[n]?.replace("T", " ") ?? t("step", { n: n + 1 })), ...answer.time];
  // The line of the forecast, and its bands, begin at the last value that is known.
  const joint = past.length ? [past.at(-1)] : [];
  const from = past.length - joint.length;
  const bands = Object.entries(answer.intervals ?? {})
    .sort((one, other) => other[0] - one[0])
    .map(([level, ends]) => ({
      name: t("interval", { n: Number((100 * level).toFixed(1)) }),
      lows: [...joint, ...ends[target].map((pair) => pair[0])],
      highs: [...joint, ...ends[target].map((pair) => pair[1])],
      from,
    }));
  const lines = [
    { name: t("past"), values: past, from: 0, kind: "past" },
    { name: t("ahead"), values: [...joint, ...ahead], from, kind: "ahead" },
  ];
  return { lines, bands, labels, split: past.length ? past.length - 1 : undefined };
}

export function tables(page) {
  let found = null;

  async function take(text, name) {
    const model = page.model();
    await page.work(async (current) => {
      const table = understood(page, text, name);
      if (!table) return;
      found = null;
      const given = Object.fromEntries(table.map((column) => [column.name, column.values]));
      const answered = await api.predict(model.name, { columns: given });
      if (!current()) return;
      const answers = Array.isArray(answered) ? answered : [answered];
      found = { table, answers, series: 0, target: Object.keys(answers[0].forecast)[0] };
      page.show(draw());
    });
  }

  function chooser(label, names, chosen, pick) {
    if (names.length < 2) return null;
    const options = names.map((name, n) => h("option", { value: n, selected: n === chosen }, name));
    const select = h("select", { on: { change: (event) => { pick(Number(event.target.value)); page.show(draw()); } } }, options);
    return h("label", { class: "choice" }, h("span", {}, label), select);
  }

  function draw() {
    if (!found) return [];
    const answer = found.answers[found.series];
    const targets = Object.keys(answer.forecast);
    return [
      h(
        "div",
        { class: "row" },
        chooser(t("series"), found.answers.map((one) => one.series ?? ""), found.series, (n) => { found.series = n; }),
        chooser(t("target"), targets, targets.indexOf(found.target), (n) => { found.target = targets[n]; }),
      ),
      chart(forecastOf(found.table, answer, found.target), t("forecastOf", { name: found.target })),
    ];
  }

  return { input: inputOf(page, "tableDrop", take), draw };
}
