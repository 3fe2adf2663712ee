// Line charts as SVG, drawn to the width they are given, so that their letters are as large on a phone as elsewhere.

import { h, svg } from "./dom.js";
import { t } from "./language.js";

const HEIGHT = 240;
const EDGE = { left: 48, right: 8, top: 10, bottom: 24 };

const finite = (value) => value !== null && Number.isFinite(value);

export function ticks(low, high, count = 4) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough);
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high + step * 1e-9; n += 1) found.push(n * step);
  return found;
}

export const short = (value) => {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
};

// What a chart shows: {lines: [{name, values, from, kind}], bands: [{lows, highs, from}], labels: [..], split}.
// `from` is the place of the first value on the axis of steps, `labels` the name of each step.
function scales(shown, width) {
  const values = [...shown.lines.flatMap((line) => line.values), ...shown.bands.flatMap((b) => [...b.lows, ...b.highs])];
  const real = values.filter(finite);
  let low = real.reduce((least, value) => Math.min(least, value), Infinity);
  let high = real.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!real.length) [low, high] = [0, 1];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  [low, high] = [low - room, high + room];
  const last = Math.max(1, shown.labels.length - 1);
  const inner = width - EDGE.left - EDGE.right;
  return {
    low,
    high,
    x: (n) => EDGE.left + (n / last) * inner,
    y: (value) => EDGE.top + ((high - value) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom),
    n: (x) => Math.round(((x - EDGE.left) / inner) * last),
  };
}

// A gap in the values is a gap in the line.
function path(values, from, { x, y }) {
  let down = false;
  return values
    .map((value, n) => {
      if (!finite(value)) {
        down = false;
        return "";
      }
      const command = down ? "L" : "M";
      down = true;
      return `${command}${x(from + n).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join("");
}

function area({ lows, highs, from }, { x, y }) {
  const point = (value, n) => `${x(from + n).toFixed(1)} ${y(value).toFixed(1)}`;
  const there = highs.map(point);
  const back = lows.map(point).reverse();
  return `M${[...there, ...back].join("L")}Z`;
}

function axes(shown, scale, width) {
  const across = ticks(scale.low, scale.high).map((value) => [
    svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: scale.y(value), y2: scale.y(value) }),
    svg("text", { class: "tick", x: EDGE.left - 8, y: scale.y(value) + 4, "text-anchor": "end" }, short(value)),
  ]);
  const last = shown.labels.length - 1;
  const ends = [
    [0, "start"],
    ...(last > 0 ? [[last, "end"]] : []),
  ].map(([n, anchor]) =>
    svg("text", { class: "tick", x: scale.x(n), y: HEIGHT - 6, "text-anchor": anchor }, shown.labels[n]),
  );
  const split =
    shown.split === undefined
      ? []
      : [svg("line", { class: "split", x1: scale.x(shown.split), x2: scale.x(shown.split), y1: EDGE.top, y2: HEIGHT - EDGE.bottom })];
  return [...across.flat(), ...ends, ...split];
}

function plot(shown, width) {
  const scale = scales(shown, width);
  const cursor = svg("line", { class: "cursor", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: "hidden" });
  const picture = svg(
    "svg",
    { class: "plot", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
    axes(shown, scale, width),
    shown.bands.map((band, n) => svg("path", { class: `band b${n}`, d: area(band, scale) })),
    shown.lines.map((line, n) =>
      svg("path", { class: `line ${line.kind ?? `c${n % 6}`}`, d: path(line.values, line.from ?? 0, scale) }),
    ),
    cursor,
  );
  return { picture, scale, cursor };
}

function reading(shown, n) {
  const at = (line) => line.values[n - (line.from ?? 0)];
  const parts = shown.lines.filter((line) => finite(at(line) ?? null)).map((line) => `${line.name}: ${short(at(line))}`);
  for (const band of shown.bands) {
    const k = n - band.from;
    if (finite(band.lows[k] ?? null)) parts.push(`${band.name}: ${short(band.lows[k])} – ${short(band.highs[k])}`);
  }
  return [shown.labels[n], ...parts, shown.notes?.[n]].filter(Boolean).join("   ");
}

function key(shown) {
  const entry = (kind, name) => h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), name);
  const lines = shown.lines.map((line, n) => entry(line.kind ?? `c${n % 6}`, line.name));
  return h("ul", { class: "legend" }, lines, shown.bands.map((band, n) => entry(`band b${n}`, band.name)));
}

// A chart that draws itself anew whenever its width changes, with a line of text for the step that is pointed at.
export function chart(shown, title) {
  const detail = h("p", { class: "detail", "aria-live": "polite", "data-role": "reading" }, reading(shown, shown.labels.length - 1));
  const frame = h("div", { class: "frame", tabindex: "0", role: "img", "aria-label": `${title}. ${t("chartHelp")}` });
  let drawn = null;
  let chosen = shown.labels.length - 1;
  const point = (n) => {
    chosen = Math.min(shown.labels.length - 1, Math.max(0, n));
    detail.textContent = reading(shown, chosen);
    drawn.cursor.setAttribute("x1", drawn.scale.x(chosen));
    drawn.cursor.setAttribute("x2", drawn.scale.x(chosen));
    drawn.cursor.setAttribute("visibility", "visible");
  };
  const draw = () => {
    drawn = plot(shown, Math.max(240, frame.clientWidth));
    frame.replaceChildren(drawn.picture);
  };
  const under = (event) => point(drawn.scale.n(event.clientX - frame.getBoundingClientRect().left));
  frame.addEventListener("pointermove", under);
  frame.addEventListener("pointerdown", under);
  frame.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    point(chosen + step);
  });
  new ResizeObserver(draw).observe(frame);
  return h("figure", { class: "chart" }, h("figcaption", {}, title), frame, detail, key(shown));
}
