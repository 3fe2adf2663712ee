// Texts: typed, pasted, dropped, or an example.

import * as api from "./api.js";
import { labelled, tagged } from "./answers.js";
import { h } from "./dom.js";
import { t } from "./language.js";
import { weights } from "./weights.js";

export const EXAMPLES = [
  { text: "这部电影太棒了，情节扣人心弦，演员演技精湛。", task: "classify" },
  { text: "苹果公司在加利福尼亚州发布了新款 iPhone。", task: "tag" },
];

function inputOf(ask, example) {
  const area = h("textarea", {
    id: "text", rows: 3, "data-t-placeholder": "textPlaceholder", "data-t-label": "textLabel", spellcheck: "false",
    on: {
      // While an input method composes, Enter belongs to it.
      keydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        ask();
      },
    },
  });
  const examples = EXAMPLES.map((entry) =>
    h("button", { type: "button", class: "example", lang: "zh-CN", on: { click: () => example(entry) } }, entry.text),
  );
  const form = h(
    "form",
    { class: "writing", on: { submit: (event) => { event.preventDefault(); ask(); } } },
    area,
    h("div", { class: "row end" }, h("button", { class: "act", "data-t": "read" })),
    h("div", { class: "examples", role: "group", "data-t-label": "examples" }, h("p", { class: "quiet", "data-t": "examples" }), examples),
  );
  return { form, area };
}

export function text(page) {
  let found = null;
  const { form, area } = inputOf(() => ask(), (entry) => {
    area.value = entry.text;
    page.suit("text", entry.task);
    ask();
  });
  page.drop(form, async (file) => {
    area.value = await file.text();
    ask();
  });

  async function ask() {
    const model = page.model();
    await page.work(async (current) => {
      const read = area.value;
      const answer = await api.predict(model.name, read);
      if (!current()) return;
      found = { model, read, answer, why: null };
      page.show(draw());
      if (model.task !== "classify" || !read) return;
      const why = await api.explain(model.name, read);
      if (!current()) return;
      found.why = why;
      page.show(draw());
    });
  }

  function draw() {
    if (!found) return [];
    const { model, read, answer, why } = found;
    if (model.task === "tag") return [tagged(read, answer)];
    return [labelled(answer), why && why.characters.length ? weights(read, why) : null];
  }

  return { input: form, draw, ask: () => area.value && ask(), focus: () => area.focus(), title: () => t("textLabel") };
}
