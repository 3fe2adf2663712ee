// What the page asks of the server. An answer that is no success becomes a Refusal with the server's own sentence.

import { t } from "./language.js";

export class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

let key = "";

export const useKey = (given) => {
  key = given;
};

export const hasKey = () => key !== "";

async function send(path, options = {}) {
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Refusal(0, t("unreachable"));
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refusal(response.status, body?.error ?? `${response.status} ${response.statusText}`);
  return body;
}

const post = (path, body) =>
  send(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const of = (name, verb) => `v1/models/${encodeURIComponent(name)}/${verb}`;

export const models = async () => (await send("v1/models")).models;

export const predict = async (name, input) => (await post(of(name, "predict"), { inputs: [input] })).answers[0];

export const explain = (name, text) => post(of(name, "explain"), { input: text });

export async function audio(name, blob) {
  const headers = { "Content-Type": blob.type || "application/octet-stream" };
  const found = await send(of(name, "audio"), { method: "POST", headers, body: blob });
  return found.answers ? found.answers[0] : found;
}
