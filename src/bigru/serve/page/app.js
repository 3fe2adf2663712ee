// The page: which model is asked, in which language, and where answers and refusals are shown.

import * as api from "./api.js";
import { find, h } from "./dom.js";
import { begin, choose, language, t, translate } from "./language.js";
import { recordings } from "./audio.js";
import { series, tables } from "./series.js";
import { text } from "./text.js";

const VIEWS = { text, series, audio: recordings, table: tables };

const state = { models: [], model: null, views: {}, view: null, turn: 0, retry: null };

// So many labels are named in front of the input.
const FEW = 6;

const kindOf = (model) => (model.task === "forecast" ? "table" : model.input);

function complain(error) {
  const place = find("error");
  place.textContent = error ? error.message : "";
  place.hidden = !error;
}

function busy(on) {
  document.body.classList.toggle("busy", on);
  find("answer").setAttribute("aria-busy", String(on));
}

function askForKey(again) {
  state.retry = again;
  find("key").hidden = false;
  find("secret").focus();
}

// Runs one request after another; an answer that comes after a later question is dropped.
async function work(job) {
  state.turn += 1;
  const turn = state.turn;
  const current = () => turn === state.turn;
  complain(null);
  busy(true);
  try {
    await job(current);
  } catch (error) {
    if (!current()) return;
    if (!(error instanceof api.Refusal)) throw error;
    // Whoever has given no key yet is asked for one, not scolded.
    if (error.status !== 401 || api.hasKey()) complain(error);
    if (error.status === 401) askForKey(() => work(job));
  } finally {
    if (current()) busy(false);
  }
}

const show = (elements) => find("answer").replaceChildren(...elements.filter(Boolean));

function drop(element, take) {
  const over = (on) => (event) => {
    event.preventDefault();
    element.classList.toggle("over", on);
  };
  element.addEventListener("dragover", over(true));
  element.addEventListener("dragleave", over(false));
  element.addEventListener("drop", (event) => {
    over(false)(event);
    const file = event.dataTransfer.files[0];
    if (file) take(file);
  });
}

// Where another model than the chosen one is meant for a task, it is chosen; the first one, if there are several.
function suit(kind, task) {
  if (kindOf(state.model) === kind && state.model.task === task) return;
  const better = state.models.find((model) => kindOf(model) === kind && model.task === task);
  if (better) pick(better);
}

const page = { model: () => state.model, work, show, complain, drop, suit };

function describe() {
  const model = state.model;
  if (!model) return;
  const kind = { text: "ofText", series: "ofSeries", audio: "ofAudio", table: "ofTable" }[kindOf(model)];
  const about = t(model.task, { kind: t(kind) });
  const few = model.labels.length <= FEW ? model.labels.map((label) => t(label)).join(language.now === "zh" ? "、" : ", ") : "";
  find("about").textContent = few && model.task === "classify" ? `${about}${language.now === "zh" ? "：" : ": "}${few}` : about;
}

function pick(model) {
  state.model = model;
  state.turn += 1;
  busy(false);
  complain(null);
  find("model").value = model.name;
  const kind = kindOf(model);
  state.views[kind] ??= VIEWS[kind](page);
  state.view = state.views[kind];
  find("work").replaceChildren(state.view.input);
  translate(find("work"));
  describe();
  show([]);
}

async function load() {
  await work(async () => {
    state.models = await api.models();
    find("key").hidden = true;
    const chooser = find("model");
    chooser.replaceChildren(...state.models.map(({ name }) => h("option", { value: name }, name)));
    chooser.disabled = state.models.length < 2;
    chooser.hidden = !state.models.length;
    if (!state.models.length) throw new api.Refusal(0, t("noModels"));
    pick(state.models.find((model) => model.default) ?? state.models[0]);
  });
}

find("model").addEventListener("change", (event) => {
  pick(state.models.find((model) => model.name === event.target.value));
  state.view.ask?.();
});

find("key").addEventListener("submit", (event) => {
  event.preventDefault();
  api.useKey(find("secret").value);
  find("key").hidden = true;
  state.retry?.();
});

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    choose(button.dataset.language);
    describe();
    if (state.view) show(state.view.draw());
  });
}

begin();
load();
