// The fields that are edited: what can be done to them, and how it is undone.

export const PLAIN = { charset: "alnum", case: "", pattern: "", check: "none", required: false, key: false };
const STEP = 10; // Places are kept in tenths of a millimetre, as they are written.
const SMALLEST = 1; // mm; nothing smaller can be written in.
const NEXT_TO = 1.5; // mm between the cells of one comb at most.
const MOST_CELLS = 500;
const PAUSE_MS = 1500; // Steps of one kind that follow so soon are undone together.

export const state = { name: "", fields: [], chosen: [], pages: [], page: 1 };
let past = [];
let future = [];
let saved = "";
let last = { key: null, time: 0 };
let count = 0;
const listeners = [];

export const onChange = (listener) => listeners.push(listener);
const tell = (what) => listeners.forEach((listener) => listener(what));

export const round = (value) => Math.round(value * STEP) / STEP;
export const identified = (field) => ({ ...field, id: ++count });
export const fieldOf = (id) => state.fields.find((field) => field.id === id);
export const chosenFields = () => state.chosen.map(fieldOf).filter(Boolean);
/** The field whose values the panel shows: the one chosen last. */
export const main = () => fieldOf(state.chosen.at(-1));
export const pageOf = (number) => state.pages.find((page) => page.number === number);
// Names of a draft, and those that programs give the fields of PDFs.
const NO_NAME = /^(p\d+_)?[fc]\d+(_\d+)*$|\]$|^(text|field|check|radio|button|undefined|untitled|fill)[a-z ]*[ _]?\d+(_\d+)*$/i;
export const isUnnamed = (field) => NO_NAME.test(field.name);
/** The form as it is sent. */
export const whole = () => ({
  name: state.name,
  fields: state.fields.map(({ id, ...rest }) => rest),
  anchors: Object.fromEntries(state.pages.map(({ number, anchors }) => [number, anchors])),
});
const plain = () => JSON.stringify(whole());
export const isDirty = () => plain() !== saved;
export const markSaved = () => ((saved = plain()), tell("saved"));
export const canUndo = () => past.length > 0;
export const canRedo = () => future.length > 0;

export function start({ name, pages, fields }) {
  state.name = name;
  state.pages = pages;
  state.fields = fields.map(identified);
  state.page = pages[0].number;
  state.chosen = state.fields.filter((field) => field.page === state.page).slice(0, 1).map(({ id }) => id);
  saved = plain();
  tell("fields");
}

export function choose(ids, { page = fieldOf(ids.at(-1))?.page ?? state.page } = {}) {
  state.chosen = ids;
  state.page = page;
  last.key = null;
  tell("chosen");
}

/** Replaces the fields, so that it can be undone; steps with the same key soon after are one. */
export function change(fields, { chosen = state.chosen, key = null } = {}) {
  const time = performance.now();
  const goesOn = key !== null && key === last.key && time - last.time < PAUSE_MS;
  if (!goesOn) past = [...past.slice(-500), now()];
  future = [];
  last = { key, time };
  state.fields = fields;
  state.chosen = chosen.filter(fieldOf);
  state.page = main()?.page ?? state.page;
  tell("fields");
}

const now = () => ({ name: state.name, fields: state.fields, pages: state.pages, chosen: state.chosen });

export function renameForm(name) {
  change(state.fields);
  state.name = name;
  tell("fields");
}

/** Gives the page shown other boxes by which it is recognized. */
export function setAnchors(anchors) {
  change(state.fields);
  state.pages = state.pages.map((page) => (page.number === state.page ? { ...page, anchors } : page));
  tell("fields");
}

/** Puts the chosen field before or behind its neighbour on the page: so the columns of results are ordered. */
export function reorder(step) {
  const field = main();
  const here = state.fields.filter((other) => other.page === field?.page);
  const other = here[here.indexOf(field) + step];
  if (!field || !other) return false;
  const left = state.fields.filter((one) => one !== field);
  change(left.toSpliced(left.indexOf(other) + (step > 0 ? 1 : 0), 0, field), { key: "order" });
  return true;
}

function step(from, to) {
  const before = from.pop();
  if (!before) return false;
  to.push(now());
  [state.name, state.fields, state.pages, last.key] = [before.name, before.fields, before.pages, null];
  // What was chosen then is what the change was about.
  state.chosen = before.chosen.filter(fieldOf);
  state.page = main()?.page ?? state.page;
  tell("fields");
  return true;
}
export const undo = () => step(past, future);
export const redo = () => step(future, past);

/** Puts new values on the chosen fields, or on those given. */
export function put(values, { ids = state.chosen, key = null } = {}) {
  const changed = (field) => (ids.includes(field.id) ? fitting({ ...field, ...values }) : field);
  change(state.fields.map(changed), { key });
}

/** A check box has no rules, and one place; a string has one place and perhaps a length. */
function fitting(field) {
  if (field.kind === "check") return { ...field, ...PLAIN, required: field.required, length: null, cells: [bounds(field.cells)] };
  if (field.kind === "free") return { ...field, cells: [bounds(field.cells)] };
  return { ...field, length: null };
}

export function bounds(cells) {
  const left = Math.min(...cells.map(([x]) => x));
  const top = Math.min(...cells.map(([, y]) => y));
  const right = Math.max(...cells.map(([x, , width]) => x + width));
  const bottom = Math.max(...cells.map(([, y, , height]) => y + height));
  return [left, top, right - left, bottom - top];
}

const inside = (value, size, most) => Math.max(0, Math.min(value, most - size));

/** The cells of a field moved, as far as its page goes. */
export function moved(field, across, down) {
  const { width, height } = pageOf(field.page);
  const [left, top, wide, high] = bounds(field.cells);
  const right = inside(left + across, wide, width) - left;
  const lower = inside(top + down, high, height) - top;
  return { ...field, cells: field.cells.map(([x, y, w, h]) => [round(x + right), round(y + lower), w, h]) };
}

/** The cells of a field stretched into another box. */
export function stretched(field, [x, y, width, height]) {
  const page = pageOf(field.page);
  const left = Math.max(0, Math.min(x, page.width - SMALLEST));
  const top = Math.max(0, Math.min(y, page.height - SMALLEST));
  const wide = Math.max(SMALLEST, Math.min(x + width, page.width) - left);
  const high = Math.max(SMALLEST, Math.min(y + height, page.height) - top);
  const [oldLeft, oldTop, oldWide, oldHigh] = bounds(field.cells);
  const cells = field.cells.map(([cx, cy, cw, ch]) => [
    round(left + ((cx - oldLeft) * wide) / oldWide),
    round(top + ((cy - oldTop) * high) / oldHigh),
    round((cw * wide) / oldWide),
    round((ch * high) / oldHigh),
  ]);
  return { ...field, cells };
}

export function replaceFields(changed, key = null) {
  const by = new Map(changed.map((field) => [field.id, field]));
  change(state.fields.map((field) => by.get(field.id) ?? field), { key });
}

/** A field with so many equal cells in its place; those of separate boxes keep their gaps. */
export function divided(field, number) {
  const parts = Math.max(1, Math.min(MOST_CELLS, number));
  const [x, y, width, height] = bounds(field.cells);
  const gap = field.kind === "boxes" && field.cells.length > 1 ? gapOf(field.cells) : 0;
  const wide = Math.max(0.5, (width - gap * (parts - 1)) / parts);
  const cells = Array.from({ length: parts }, (_, n) => [round(x + n * (wide + gap)), y, round(wide), height]);
  return { ...field, cells };
}

const gapOf = (cells) => Math.max(0, cells[1][0] - cells[0][0] - cells[0][2]);

export function freeName(base = "") {
  const taken = new Set(state.fields.map((field) => field.name));
  if (base && !taken.has(base)) return base;
  for (let number = base ? 2 : state.fields.length + 1; ; number++) {
    const name = base ? `${base}_${number}` : `f${String(number).padStart(3, "0")}`;
    if (!taken.has(name)) return name;
  }
}

/** A new field behind the chosen one, in the order of the file. */
export function add(box, kind = "free") {
  const cells = [box.map(round)];
  const field = identified({ was: null, name: freeName(), kind, page: state.page, cells, length: null, ...PLAIN });
  const place = placeFor(box);
  change(state.fields.toSpliced(place, 0, field), { chosen: [field.id] });
  return field;
}

/** Where a field at that place stands among the others: behind those above it, or left of it. */
function placeFor([x, y, , height]) {
  const before = (field) => {
    if (field.page !== state.page) return field.page < state.page;
    const [left, top, , high] = bounds(field.cells);
    const sameRow = Math.abs(top + high / 2 - y - height / 2) < Math.max(high, height) / 2;
    return sameRow ? left <= x : top < y;
  };
  return state.fields.findLastIndex(before) + 1;
}

/** A new field below the chosen one, of its size; with none, in the middle of the page. */
export function addBelow() {
  const { width, height } = pageOf(state.page);
  const like = main();
  if (!like) return add([width / 2 - 30, height / 2 - 4, 60, 8]);
  const [x, y, w, h] = bounds(like.cells);
  const top = Math.min(y + h + 2, height - h);
  const field = add([x, top, w, h], like.kind);
  if (like.cells.length > 1) replaceFields([moved({ ...field, cells: like.cells }, 0, top - y)], null);
  return field;
}

export function remove() {
  const gone = new Set(state.chosen);
  const place = state.fields.findIndex((field) => gone.has(field.id));
  if (place < 0) return;
  const left = state.fields.filter((field) => !gone.has(field.id));
  const here = left.filter((field) => field.page === state.page);
  const next = left.slice(place).find((field) => field.page === state.page) ?? here.at(-1);
  change(left, { chosen: next ? [next.id] : [] });
}

/** One field of the chosen ones; of one alone with that which follows it. Says why not. */
export function merge() {
  let fields = state.fields.filter((field) => state.chosen.includes(field.id));
  if (fields.length === 1) {
    const next = state.fields[state.fields.indexOf(fields[0]) + 1];
    if (next?.page === fields[0].page) fields = [fields[0], next];
  }
  if (fields.length < 2) return "Choose two fields or more to merge: Shift and click, or Space.";
  if (new Set(fields.map((field) => field.page)).size > 1) return "Fields on two pages cannot be one.";
  const kinds = new Set(fields.map((field) => field.kind));
  const cells = fields.flatMap((field) => field.cells).sort((a, b) => a[0] - b[0]);
  const kind = kinds.has("free") || kinds.has("check") ? "free" : hasGaps(cells) || kinds.has("boxes") ? "boxes" : "comb";
  const whole = fitting({ ...fields[0], kind, cells: kind === "free" ? [bounds(cells).map(round)] : cells });
  const others = new Set(fields.slice(1).map((field) => field.id));
  const rest = state.fields.filter((field) => !others.has(field.id));
  change(rest.map((field) => (field.id === whole.id ? whole : field)), { chosen: [whole.id] });
  return "";
}

const hasGaps = (cells) => cells.some(([x], n) => n > 0 && x - cells[n - 1][0] - cells[n - 1][2] > NEXT_TO);

/** Parts a field: a comb by numbers of cells, a free area by shares of its width. */
export function split(sizes) {
  const field = main();
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const parts = field.cells.length > 1 ? cellParts(field, sizes) : areaParts(field, sizes, total);
  const fields = parts.map((cells, n) =>
    n === 0 ? fitting({ ...field, cells, length: null }) : identified({ ...field, was: null, name: "", cells, length: null }),
  );
  const place = state.fields.indexOf(field);
  const others = state.fields.toSpliced(place, 1, ...fields);
  const taken = new Set(others.map(({ name }) => name));
  const named = others.map((one) => (one.name ? one : { ...one, name: nextName(field.name, taken) }));
  change(named, { chosen: [field.id] });
}

function nextName(base, taken) {
  for (let number = 2; ; number++) {
    const name = `${base}_${number}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

function cellParts(field, sizes) {
  let from = 0;
  return sizes.map((size) => field.cells.slice(from, (from += size)));
}

function areaParts(field, sizes, total) {
  const [x, y, width, height] = field.cells[0];
  let from = 0;
  return sizes.map((size) => {
    const left = x + (from / total) * width;
    from += size;
    return [[round(left), y, round((size / total) * width), height]];
  });
}

/** The field next to another one in a direction, of those on the page; null where there is none. */
export function neighbour(field, across, down) {
  const [x, y, width, height] = bounds(field.cells);
  const gapOn = (low, size, otherLow, otherSize) => Math.max(0, otherLow - low - size, low - otherLow - otherSize);
  let best = [Infinity, null];
  for (const other of state.fields) {
    if (other === field || other.page !== field.page) continue;
    const [left, top, wide, high] = bounds(other.cells);
    const ahead = across ? across * (left + wide / 2 - x - width / 2) : down * (top + high / 2 - y - height / 2);
    const aside = across ? gapOn(y, height, top, high) : gapOn(x, width, left, wide);
    const cost = ahead + 4 * aside;
    if (ahead > 0.5 && cost < best[0]) best = [cost, other];
  }
  return best[1];
}
