// Recordings: a file as it is, or the microphone as WAV.

import * as api from "./api.js";
import { labelled } from "./answers.js";
import { h, svg } from "./dom.js";
import { percent, t } from "./language.js";
import { mixed, outline, wav } from "./wav.js";

const WIDTH = 720;
const HEIGHT = 96;

async function decoded(blob) {
  const context = new AudioContext();
  try {
    const buffer = await context.decodeAudioData(await blob.arrayBuffer());
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, n) => buffer.getChannelData(n));
    return { samples: mixed(channels), rate: buffer.sampleRate, seconds: buffer.duration };
  } finally {
    await context.close();
  }
}

function waveform({ samples, seconds }) {
  const count = 240;
  const most = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 1e-6);
  const width = WIDTH / count;
  const bars = outline(samples, count).map(([low, high], n) => {
    const top = HEIGHT / 2 - (high / most) * (HEIGHT / 2 - 2);
    const height = Math.max(1, ((high - low) / most) * (HEIGHT / 2 - 2));
    return svg("rect", { x: n * width, y: top, width: width * 0.6, height, rx: width * 0.3 });
  });
  const title = `${t("waveform")}, ${seconds.toFixed(2)} s`;
  return svg("svg", { class: "wave", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": title }, bars);
}

// Each symbol under the stretch of the waveform where it was heard.
function transcript(answer, seconds, player) {
  const end = seconds ?? answer.symbols.at(-1)?.end ?? 1;
  const seek = (symbol) => () => {
    player.currentTime = symbol.start;
    player.play();
  };
  const symbols = answer.symbols.map((symbol) =>
    h(
      "button",
      {
        type: "button", class: "symbol", vars: { at: symbol.start / end, sure: symbol.confidence },
        title: `${symbol.start.toFixed(2)} – ${symbol.end.toFixed(2)} s, ${percent(symbol.confidence)}`,
        on: { click: seek(symbol) },
      },
      symbol.symbol,
    ),
  );
  return h(
    "div",
    {},
    h("div", { class: "symbols" }, symbols),
    h("p", { class: "verdict", "data-role": "transcript" }, answer.text || t("silence")),
    h("p", { class: "quiet" }, `${t("confidence")} ${percent(answer.confidence)}`),
    h("ol", { class: "times" }, answer.symbols.map((symbol) =>
      h("li", {}, h("span", {}, symbol.symbol), h("span", { class: "number" }, `${symbol.start.toFixed(2)} s`)),
    )),
  );
}

function recorder(page, take) {
  let running = null;
  const button = h("button", { type: "button", class: "act plain", "data-t": "record", on: { click: () => (running ? stop() : start()) } });
  const clock = h("span", { class: "number quiet", "aria-live": "off" });

  async function start() {
    page.complain(null);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const parts = [];
      const taking = new MediaRecorder(stream);
      taking.ondataavailable = (event) => parts.push(event.data);
      taking.onstop = async () => {
        stream.getTracks().forEach((track) => track.stop());
        const heard = await decoded(new Blob(parts, { type: taking.mimeType }));
        take(new Blob([wav(heard.samples, heard.rate)], { type: "audio/wav" }));
      };
      const began = Date.now();
      const tick = () => { clock.textContent = t("recording", { seconds: Math.floor((Date.now() - began) / 1000) }); };
      running = { taking, timer: setInterval(tick, 250) };
      tick();
      taking.start();
      button.dataset.t = "stop";
      button.textContent = t("stop");
    } catch (error) {
      page.complain(new api.Refusal(0, t("noMicrophone", { reason: error.message })));
    }
  }

  function stop() {
    clearInterval(running.timer);
    running.taking.stop();
    running = null;
    clock.textContent = "";
    button.dataset.t = "record";
    button.textContent = t("record");
  }

  // Browsers open the microphone to pages from this machine or by HTTPS only.
  button.hidden = !navigator.mediaDevices?.getUserMedia || !globalThis.MediaRecorder;
  return [button, clock];
}

export function recordings(page) {
  let found = null;

  async function take(blob) {
    const model = page.model();
    await page.work(async (current) => {
      if (found) URL.revokeObjectURL(found.url);
      // What the browser cannot decode, the server may: then there is no picture.
      const heard = await decoded(blob).catch(() => null);
      if (!current()) return;
      found = { heard, url: URL.createObjectURL(blob), answer: null };
      page.show(draw());
      const answer = await api.audio(model.name, blob);
      if (!current()) return;
      found.answer = answer;
      page.show(draw());
    });
  }

  function draw() {
    if (!found) return [];
    const { heard, url, answer } = found;
    const player = h("audio", { controls: true, src: url, "aria-label": t("playback") });
    return [
      heard && waveform(heard),
      answer?.symbols ? transcript(answer, heard?.seconds, player) : answer?.scores && labelled(answer),
      player,
    ];
  }

  const file = h("input", {
    type: "file", accept: "audio/*", "data-t-label": "audioDrop",
    on: { change: (event) => event.target.files[0] && take(event.target.files[0]) },
  });
  const form = h(
    "form",
    { class: "dropping", on: { submit: (event) => event.preventDefault() } },
    h("label", { class: "target" }, file, h("span", { "data-t": "audioDrop" })),
    h("div", { class: "row" }, recorder(page, take)),
    h("p", { class: "quiet", "data-t": "audioAbout" }),
  );
  page.drop(form, take);
  return { input: form, draw };
}
