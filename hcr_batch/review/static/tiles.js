// Tiles: what was read as the same character side by side; the odd one out jumps out.

import { byId, make, say } from "../../shared/elements.js";
import { askCells, learn, send, settled } from "./api.js";
import { accept, answerOf, broken, isOpen, picture, reportRefused, warn } from "./common.js";

const TILE = 94; // px, with its gap
let cells = [];
let cursor = 0;
let busy = false;
const putOff = new Set();
const questioned = new Set(); // Keys of cells whose reading breaks the rule of their field.

const grid = byId("grid");
const tileOf = (number) => grid.querySelector(`[data-number="${number}"]`);

export const tiles = {
  open: () => load(),
  async back(keys) {
    keys.forEach((key) => putOff.delete(key));
    await load(keys);
  },
  /** What a key does; true if it did something. */
  press(event) {
    const move = moves[event.key];
    if (event.key === "Enter") acceptRest();
    else if (event.key === " ") toggle(cursor);
    else if (move) point(move(), true);
    else return type(event.key);
    return true;
  },
  type,
  accept: () => acceptRest(),
};

const moves = {
  ArrowLeft: () => cursor - 1,
  ArrowRight: () => cursor + 1,
  ArrowUp: () => vertical(-1),
  ArrowDown: () => vertical(1),
  Home: () => 0,
  End: () => cells.length - 1,
  PageUp: () => group(-1),
  PageDown: () => group(1),
};

/** The first and least sure tile of the group before (-1) or after (1) the present one. */
function group(direction) {
  const starts = cells.flatMap((cell, number) => (cells[number - 1]?.read === cell.read ? [] : number));
  if (direction < 0) return starts.findLast((start) => start < cursor) ?? 0;
  return starts.find((start) => start > cursor) ?? cells.length - 1;
}

/** The nearest tile of the row above (-1) or below (1); headings are passed over. */
function vertical(direction) {
  const here = tileOf(cursor).getBoundingClientRect();
  const distance = (tile) => {
    const there = tile.getBoundingClientRect();
    const down = (there.top - here.top) * direction;
    return down < TILE / 2 ? Infinity : down * 1000 + Math.abs(there.left - here.left);
  };
  const tiles = [...grid.querySelectorAll(".tile")];
  const nearest = tiles.reduce((best, tile) => (distance(tile) < distance(best) ? tile : best));
  return distance(nearest) < Infinity ? Number(nearest.dataset.number) : cursor;
}

async function load(first = []) {
  const slots = columns() * rows();
  busy = true;
  try {
    await settled();
    const reply = await askCells("tiles", { size: Math.min(slots, 200), first, skip: [...putOff] });
    learn(reply.cells);
    draw(fitting(reply.cells, slots));
    if (!cells.length) tiles.onEmpty(putOff.size);
  } finally {
    busy = false;
  }
}

/** As many cells as fit on the page, each group with its heading. */
function fitting(all, slots) {
  let used = 0;
  let group = null;
  return all.filter((cell) => {
    used += cell.read === group ? 1 : 2;
    group = cell.read;
    return used <= slots;
  });
}

function draw(list) {
  cells = list;
  grid.replaceChildren();
  let group = null;
  cells.forEach((cell, number) => {
    if (cell.read !== group) {
      group = cell.read;
      const same = cells.filter((other) => other.read === group).length;
      grid.append(heading(group, same));
    }
    grid.append(tile(cell, number));
    paint(number);
  });
  cursor = 0;
  if (cells.length) point(0, true);
}

function heading(character, count) {
  return make(
    "h2",
    {},
    make("span", { className: "hidden" }, "Read as "),
    make("b", {}, character || "–"),
    make("small", {}, character ? `read as ${character}` : "no character", ` · ${count}`),
  );
}

function tile(cell, number) {
  const element = make(
    "button",
    { type: "button", className: "tile", tabIndex: -1, dataset: { number } },
    picture(cell, ""),
    make("span", { className: "badge" }),
  );
  element.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" && number !== cursor) point(number, false);
  });
  element.addEventListener("click", () => {
    point(number, true);
    if (isOpen(cell)) toggle(number);
  });
  return element;
}

function paint(number) {
  const cell = cells[number];
  const element = tileOf(number);
  if (!element) return;
  const words = { blank: "blank", illegible: "illegible" };
  const answered = !isOpen(cell);
  element.classList.toggle("broken", !answered && Boolean(cell.doubt || questioned.has(cell.key)));
  const off = putOff.has(cell.key);
  const mark = { blank: "␣", illegible: "?", accepted: "✓" };
  const badge = answered ? (mark[cell.answer.kind] ?? cell.answer.character) : off ? "…" : "";
  element.querySelector(".badge").textContent = badge;
  element.classList.toggle("answered", answered);
  element.classList.toggle("off", off && !answered);
  const answer = answered ? `answered ${words[cell.answer.kind] ?? cell.answer.character}` : "";
  element.setAttribute(
    "aria-label",
    [`read as ${cell.read || "no character"}`, answer || (off ? "put off" : ""), cell.place]
      .filter(Boolean)
      .join(", "),
  );
}

function point(number, focus) {
  tileOf(cursor)?.classList.remove("current");
  cursor = Math.max(0, Math.min(cells.length - 1, number));
  const element = tileOf(cursor);
  if (!element) return;
  element.classList.add("current");
  if (focus) element.focus({ preventScroll: false });
  describe(cells[cursor]);
}

function describe(cell) {
  byId("place").textContent = cell.place;
  const choice = (label, key, name) =>
    make("button", { type: "button", onclick: () => type(key), "aria-label": name }, label);
  byId("choices").replaceChildren(
    ...cell.alternatives.map((character) => choice(character, character, `it is ${character}`)),
    choice(make("kbd", {}, "."), ".", "it is blank"),
    choice(make("kbd", {}, "?"), "?", "it is illegible"),
  );
}

function type(character) {
  const number = cursor;
  const cell = cells[number];
  const answer = cell && answerOf(cell, character);
  if (!answer || busy) return false;
  putOff.delete(cell.key);
  const confirmed = cell.doubt === character;
  cell.doubt = null;
  // Until it is saved, Enter must not take it for one that was left as it is.
  cell.pending = (cell.pending ?? 0) + 1;
  tileOf(number).classList.add("pending");
  send([answer], { view: "tiles", confirmed })
    .then((answers) => {
      const wrong = broken(answers);
      if (wrong) cell.doubt = character;
      warn(wrong && `Not saved: ${wrong}. Typed once more on its tile, framed red, it is kept.`);
      if (!wrong) reportRefused(answers) || say(`Saved: ${character}`);
    })
    .catch(() => {})
    .finally(() => {
      cell.pending -= 1;
      tileOf(number)?.classList.remove("pending");
      if (cells[number] === cell) paint(number);
    });
  point(number + 1, true);
  return true;
}

function toggle(number) {
  const { key } = cells[number];
  if (!putOff.delete(key)) putOff.add(key);
  paint(number);
}

async function acceptRest() {
  if (busy || !cells.length) return;
  busy = true;
  const isLeft = (cell) => isOpen(cell) && !cell.pending && !cell.doubt && !putOff.has(cell.key);
  const rest = cells.filter(isLeft);
  try {
    // What was questioned and is accepted once more is meant so.
    const sure = rest.filter((cell) => questioned.has(cell.key));
    const others = rest.filter((cell) => !questioned.has(cell.key));
    const answers = others.length ? await send(others.map(accept), { view: "tiles" }) : [];
    if (sure.length) answers.push(...(await send(sure.map(accept), { view: "tiles", confirmed: true })));
    answers.filter((answer) => answer.breaks).forEach((answer) => questioned.add(answer.key));
    const wrong = broken(answers);
    const taken = answers.filter((answer) => answer.taken).length;
    await load();
    warn(wrong && `Not accepted: ${wrong}. Enter once more keeps what is framed red.`);
    if (rest.length) reportRefused(answers) || say(`Accepted: ${taken}`);
  } catch {
    cells.forEach((_, number) => paint(number));
  } finally {
    busy = false;
  }
}

function columns() {
  return Math.max(1, Math.floor((grid.clientWidth + 6) / TILE));
}

function rows() {
  const top = grid.getBoundingClientRect().top + scrollY;
  const room = innerHeight - top - byId("bar-tiles").offsetHeight - 12;
  return Math.max(2, Math.floor((room + 6) / TILE));
}
