// CSV and JSON to columns. Pure functions: no page, no network.

const BLANK = new Set(["", "nan", "na", "null", "none"]);

export const number = (cell) => {
  if (typeof cell === "number") return cell;
  const text = String(cell ?? "").trim();
  return text === "" ? NaN : Number(text);
};

export const blank = (cell) => cell === null || cell === undefined || BLANK.has(String(cell).trim().toLowerCase());

function delimiterOf(text) {
  const line = text.slice(0, text.search(/\r|\n|$/));
  const count = (mark) => line.split(mark).length;
  return [",", "\t", ";"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

// RFC 4180: cells in quotes may hold delimiters, line breaks and doubled quotes.
export function rows(text) {
  const source = text.replace(/^\uFEFF/, "");
  const delimiter = delimiterOf(source);
  const found = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    if (row.length > 1 || row[0].trim() !== "") found.push(row);
    row = [];
  };
  for (let n = 0; n < source.length; n += 1) {
    const mark = source[n];
    if (quoted) {
      if (mark !== '"') cell += mark;
      else if (source[n + 1] === '"') {
        cell += mark;
        n += 1;
      } else quoted = false;
    } else if (mark === '"' && cell === "") quoted = true;
    else if (mark === delimiter) endCell();
    else if (mark === "\n") endRow();
    else if (mark !== "\r") cell += mark;
  }
  if (cell !== "" || row.length) endRow();
  return found;
}

const numeric = (cells) => cells.every((cell) => blank(cell) || !Number.isNaN(number(cell)));

const column = (name, cells) =>
  numeric(cells)
    ? { name, numeric: true, values: cells.map((cell) => (blank(cell) ? null : number(cell))) }
    : { name, numeric: false, values: cells.map((cell) => (blank(cell) ? null : String(cell))) };

function fromRows(table) {
  if (!table.length) return [];
  const headed = table[0].some((cell) => !blank(cell) && Number.isNaN(number(cell)));
  const names = headed ? table[0].map((name) => String(name).trim()) : table[0].map((_, n) => `${n + 1}`);
  const body = headed ? table.slice(1) : table;
  return names.map((name, n) => column(name, body.map((row) => row[n] ?? null)));
}

function fromJson(value) {
  const inner = value?.columns ?? value?.series ?? value?.values ?? value;
  if (Array.isArray(inner)) {
    if (inner.length && typeof inner[0] === "object" && !Array.isArray(inner[0]) && inner[0] !== null) {
      const names = [...new Set(inner.flatMap(Object.keys))];
      return names.map((name) => column(name, inner.map((row) => row[name] ?? null)));
    }
    return fromRows(inner.map((row) => (Array.isArray(row) ? row : [row])));
  }
  if (inner === null || typeof inner !== "object") return [];
  return Object.entries(inner).map(([name, cells]) => column(name, Array.isArray(cells) ? cells : [cells]));
}

// Columns [{name, numeric, values}] of a text in CSV, TSV or JSON.
export function columns(text) {
  const start = text.trimStart()[0];
  if (start === "[" || start === "{") {
    const lines = text.trim().split(/\n/);
    try {
      return fromJson(JSON.parse(text));
    } catch {
      return fromJson(lines.map((line) => JSON.parse(line)));
    }
  }
  return fromRows(rows(text));
}

// Steps [T][I] of the numeric columns, as a series is sent.
export function steps(table) {
  const read = table.filter((entry) => entry.numeric);
  return (read[0]?.values ?? []).map((_, n) => read.map((entry) => entry.values[n]));
}
