// Every word of the page in both languages, and which of them is spoken.

const WORDS = {
  en: {
    skip: "Skip to the input", model: "Model", language: "Language", input: "Input", answer: "Answer",
    footer: "Read on this server, by a recurrent network that goes through the input from both ends.",
    keyAsked: "This server asks for a key.", keySend: "Use it",
    unreachable: "The server does not answer. Is it still running?", noModels: "This server has no models.",
    classify: "Says what kind of {kind} it is", tag: "Finds what there is in {kind}",
    forecast: "Says how {kind} goes on", transcribe: "Writes down what is said in {kind}",
    ofText: "a text", ofSeries: "a series", ofAudio: "a recording", ofTable: "a table",
    positive: "positive", negative: "negative", neutral: "neutral",
    textPlaceholder: "Type or paste a text, or drop a text file", textLabel: "Text to read", read: "Read",
    examples: "Examples", sureness: "Probability", noEntities: "Nothing found.",
    between: "Neither side is likely enough to be named.", noLabels: "No label is likely enough.",
    why: "What each character did", whyWords: "What each word did", whySome: "What each {n} characters did",
    score: "score of “{label}”", forward: "forward", backward: "backward", rest: "n-grams and inputs", bias: "start",
    scoreHelp: "Log odds. The four parts sum to it exactly.",
    legendFor: "for “{label}”", legendAgainst: "against it",
    legendForward: "read forward", legendBackward: "read backward",
    legendLine: "Above the line for it, below against it.",
    hint: "Point at a character, or tap it, to see its weight: what the score would lose without it.",
    detail: "{text}  {total}  =  forward {forward}  backward {backward}  n-grams and inputs {rest}",
    entity: "Entity", label: "Label", tags: "Tags",
    PER: "person", LOC: "place", ORG: "organisation", TIME: "time",
    seriesDrop: "Drop a CSV or JSON file with a row per step, or choose one",
    tableDrop: "Drop a CSV table of the past, or choose one", choose: "Choose a file",
    paste: "or paste rows here", draw: "Read",
    step: "step {n}", forecastOf: "Forecast of {name}", past: "past", ahead: "forecast", interval: "{n} % interval",
    skipped: "Not a number, so not read: {names}.", series: "Series", target: "Column",
    chartHelp: "Chart; arrow keys move through the values.",
    audioDrop: "Drop a recording, or choose one", record: "Record", stop: "Stop",
    recording: "Recording… {seconds} s", noMicrophone: "The microphone cannot be used: {reason}",
    playback: "Recording", waveform: "Waveform", silence: "Nothing was heard.", confidence: "Confidence",
    notRead: "{name} must be CSV or JSON with numbers, got something else.", emptyFile: "{name} has no rows.",
    audioAbout: "A file is sent as it is; what you record becomes WAV here and is sent when you stop.",
  },
  zh: {
    skip: "跳到输入框", model: "模型", language: "语言", input: "输入", answer: "答案",
    footer: "由本服务器上的循环神经网络从两端同时读出。",
    keyAsked: "此服务器需要密钥。", keySend: "使用",
    unreachable: "服务器没有回应，它还在运行吗？", noModels: "此服务器上没有模型。",
    classify: "判断{kind}属于哪一类", tag: "找出{kind}里有什么",
    forecast: "预测{kind}接下来的走势", transcribe: "写出{kind}里说的话",
    ofText: "一段文字", ofSeries: "一个序列", ofAudio: "一段录音", ofTable: "一张表格",
    positive: "正面", negative: "负面", neutral: "中性",
    textPlaceholder: "输入或粘贴一段文字，也可拖入文本文件", textLabel: "要读的文字", read: "阅读",
    examples: "例句", sureness: "概率", noEntities: "没有找到实体。",
    between: "两边的概率都不足以下结论。", noLabels: "没有足够可能的标签。",
    why: "每个字的作用", whyWords: "每个词的作用", whySome: "每 {n} 个字的作用",
    score: "“{label}”的分数", forward: "正向", backward: "反向", rest: "n 元组与输入", bias: "起点",
    scoreHelp: "对数几率，恰好等于四部分之和。",
    legendFor: "支持“{label}”", legendAgainst: "反对",
    legendForward: "从前往后读", legendBackward: "从后往前读",
    legendLine: "线上为支持，线下为反对。",
    hint: "指向或点按一个字，查看它的权重：没有它，分数会少多少。",
    detail: "{text}  {total}  =  正向 {forward}  反向 {backward}  n 元组与输入 {rest}",
    entity: "实体", label: "类别", tags: "标签",
    PER: "人名", LOC: "地名", ORG: "机构", TIME: "时间",
    seriesDrop: "拖入每步一行的 CSV 或 JSON 文件，或选择文件",
    tableDrop: "拖入过去数据的 CSV 表格，或选择文件", choose: "选择文件",
    paste: "或在此粘贴数据", draw: "读取",
    step: "第 {n} 步", forecastOf: "{name} 的预测", past: "过去", ahead: "预测", interval: "{n} % 区间",
    skipped: "不是数字，没有读取：{names}。", series: "序列", target: "列",
    chartHelp: "图表；用方向键查看各点数值。",
    audioDrop: "拖入录音，或选择文件", record: "录音", stop: "停止",
    recording: "正在录音… {seconds} 秒", noMicrophone: "无法使用麦克风：{reason}",
    playback: "录音", waveform: "波形", silence: "没有听到内容。", confidence: "把握",
    notRead: "{name} 必须是含数字的 CSV 或 JSON。", emptyFile: "{name} 里没有数据。",
    audioAbout: "文件原样发送；录下的声音在此转成 WAV，停止后发送。",
  },
};

const KEPT = "bigru.language";

export const language = { now: "en" };

export function t(key, values = {}) {
  const text = WORDS[language.now][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const known = (key) => key in WORDS[language.now];

export const percent = (share) => `${(100 * share).toFixed(1)} %`;

// A true minus is as wide as the plus, so that signed numbers stand in line.
export const signed = (value) => {
  const text = Math.abs(value).toFixed(2);
  return `${value < 0 && text !== "0.00" ? "−" : "+"}${text}`;
};

export function translate(root = document) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const element of root.querySelectorAll("[data-t-placeholder]")) {
    element.placeholder = t(element.dataset.tPlaceholder);
  }
}

export function speak(to) {
  language.now = to;
  document.documentElement.lang = to === "zh" ? "zh-CN" : "en";
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === to));
  }
  translate();
}

export function choose(to) {
  try {
    localStorage.setItem(KEPT, to);
  } catch {
    // A browser that keeps nothing asks again the next time.
  }
  speak(to);
}

export function begin() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // As above.
  }
  const first = kept in WORDS ? kept : navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
  speak(first);
}
