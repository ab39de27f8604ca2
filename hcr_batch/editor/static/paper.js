// The form with its fields on it: shown, chosen, moved and stretched with the pointer.

import { byId } from "../../shared/elements.js";
import {
  add, bounds, choose, chosenFields, fieldOf, isUnnamed, main, moved, pageOf, replaceFields, round, setAnchors, state, stretched,
} from "./model.js";
import { draw, set } from "./svg.js";

const GRIP = 8; // Pixels of the screen.
const NAME = 10.5;
const LETTER = 0.58; // Width of a letter in heights.
const FEWEST = 4; // Letters of a name that are worth showing.
const SAME = 0.6; // mm; boxes whose places differ less are one.
const SMALL = 3 * GRIP; // A field with a shorter side has its grips around it, at its corners alone.
const START = 3; // Pixels that a pointer moves before it drags.
const SNAP = 5; // Pixels from the edge of a printed box at which a field takes its place.
const ZOOMS = [2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 12]; // Pixels a millimetre.
const SIDES = [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1], [0.5, 1], [0, 1], [0, 0.5]];

const paper = byId("paper");
const layers = Object.fromEntries(["sheet", "printed", "fields", "grips", "anchors", "band"].map((name) => [name, draw("g", { class: name })]));
paper.append(...Object.values(layers));
const groups = new Map();
let faulty = new Set();
let zoom = 0;
let shownPage = null;
let shownAnchors = null;
let isAdding = false;
let isAnchoring = false;

export function show() {
  const page = pageOf(state.page);
  if (shownPage !== page.number) showPage(page);
  if (shownAnchors !== page.anchors) showAnchors(page);
  const here = state.fields.filter((field) => field.page === page.number);
  const kept = new Set(here.map((field) => field.id));
  for (const [id, group] of groups) {
    if (!kept.has(id)) group.remove(), groups.delete(id);
  }
  here.forEach((field, place) => {
    const group = groups.get(field.id) ?? newGroup(field.id);
    showField(field, group);
    if (layers.fields.children[place] !== group) keepFocus(() => layers.fields.insertBefore(group, layers.fields.children[place] ?? null));
  });
  showGrips();
}

/** Elements that are moved within a document lose the focus. */
function keepFocus(action) {
  const focused = document.activeElement;
  action();
  if (focused !== document.activeElement && layers.fields.contains(focused)) focused.focus({ preventScroll: true });
}

export function showFaults(ids) {
  faulty = ids;
  show();
}

/** Brings the field chosen last into view, and the keys to it where they are on the paper. */
export function reveal({ focus = paper.contains(document.activeElement) } = {}) {
  const group = groups.get(main()?.id);
  if (!group) return;
  const field = group.getBoundingClientRect();
  const desk = byId("desk").getBoundingClientRect();
  const hidden = field.top < desk.top || field.bottom > desk.bottom || field.left < desk.left || field.right > desk.right;
  if (hidden) group.scrollIntoView({ block: "center", inline: "nearest" });
  if (focus) group.focus({ preventScroll: true });
}

export function setAdding(on) {
  isAdding = on;
  paper.classList.toggle("adding", on);
  byId("add").setAttribute("aria-pressed", on);
}
export const adding = () => isAdding;

export function zoomBy(steps) {
  const current = ZOOMS.findIndex((step) => step >= zoom - 1e-6);
  setZoom(steps ? ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, (current < 0 ? ZOOMS.length - 1 : current) + steps))] : fitted());
  reveal();
}

const fitted = () => (byId("desk").clientWidth - 28) / pageOf(state.page).width;

function setZoom(value) {
  zoom = value;
  const { width, height } = pageOf(state.page);
  set(paper, { width: Math.round(width * zoom), height: Math.round(height * zoom) });
  groups.forEach((group, id) => showField(fieldOf(id), group));
  showGrips();
}

function showPage(page) {
  shownPage = page.number;
  set(paper, { viewBox: `0 0 ${page.width} ${page.height}` });
  const size = { width: page.width, height: page.height };
  const sheet = [draw("rect", { ...size, class: "white" })];
  if (page.pictured) sheet.push(draw("image", { ...size, href: `page/${page.number}.png`, preserveAspectRatio: "none" }));
  layers.sheet.replaceChildren(...sheet);
  groups.forEach((group) => group.remove());
  groups.clear();
  setZoom(zoom || fitted());
  byId("desk").scrollTop = 0;
}

function showAnchors(page) {
  shownAnchors = page.anchors;
  layers.printed.replaceChildren(draw("path", { d: outline(page.anchors) }));
  const boxes = page.anchors.map(([x, y, width, height], number) => {
    const box = draw("rect", { x, y, width, height, class: "anchor", tabindex: 0, role: "button", "aria-label": `Anchor ${number + 1}` });
    box.dataset.number = number;
    return box;
  });
  layers.anchors.replaceChildren(...(isAnchoring ? boxes : []));
  byId("anchor-count").textContent = page.anchors.length
    ? `${page.anchors.length} boxes and marks by which this page is recognized.`
    : "This page is recognized by the cells of its fields.";
}

export function setAnchoring(on) {
  isAnchoring = on;
  setAdding(false);
  paper.classList.toggle("anchoring", on);
  byId("anchors").setAttribute("aria-pressed", on);
  byId("anchoring").hidden = !on;
  showAnchors(pageOf(state.page));
}
export const anchoring = () => isAnchoring;

/** Takes away the anchor of a number; the keys go on to the next one. */
export function removeAnchor(number) {
  setAnchors(pageOf(state.page).anchors.filter((_, other) => other !== number));
  layers.anchors.children[Math.min(number, layers.anchors.children.length - 1)]?.focus({ preventScroll: true });
}

/** Makes the cells of the page's fields anchors too, where none is. */
export function anchorFields() {
  const { anchors } = pageOf(state.page);
  const isNew = (cell) => !anchors.some((box) => box.every((side, n) => Math.abs(side - cell[n]) < SAME));
  const cells = state.fields.filter((field) => field.page === state.page).flatMap((field) => field.cells).filter(isNew);
  if (cells.length) setAnchors([...anchors, ...cells]);
  return cells.length;
}

const outline = (boxes) => boxes.map(([x, y, w, h]) => `M${x} ${y}h${w}v${h}h${-w}z`).join("");

function newGroup(id) {
  const group = draw("g", { tabindex: 0, role: "button" }, draw("rect", { class: "body" }), draw("path"), draw("rect", { class: "tag" }), draw("text"));
  group.dataset.id = id;
  groups.set(id, group);
  return group;
}

function showField(field, group) {
  if (!field) return;
  const [x, y, width, height] = bounds(field.cells);
  const [body, cells, tag, text] = group.children;
  const size = NAME / zoom;
  const isChosen = state.chosen.includes(field.id);
  const names = ["field", isUnnamed(field) && "unnamed", faulty.has(field.id) && "faulty", isChosen && "chosen"];
  set(group, {
    class: names.filter(Boolean).join(" "),
    "aria-label": `${field.name}, ${described(field)}${faulty.has(field.id) ? ", has a fault" : ""}`,
    "aria-pressed": isChosen,
  });
  set(body, { x, y, width, height });
  set(cells, { d: outline(field.cells) });
  // On the right, where writing seldom gets to; names of others must not lie on each other.
  const room = Math.floor((width - 4 / zoom) / (size * LETTER));
  const name = isChosen || field.name.length <= room ? field.name : room < FEWEST ? "" : `${field.name.slice(0, room - 1)}…`;
  const wide = name ? name.length * size * LETTER + 4 / zoom : 0;
  const left = Math.max(x, x + width - wide);
  set(text, { x: left + 2 / zoom, y: y + size * 0.95, "font-size": size });
  if (text.textContent !== name) text.textContent = name;
  set(tag, { x: left, y, width: wide, height: size * 1.25 });
}

export function described(field) {
  const { length } = field.cells;
  if (field.kind === "check") return "check box";
  if (field.kind === "free") return "free text";
  return `${field.kind === "comb" ? "comb" : "boxes"}, ${length} cell${length > 1 ? "s" : ""}`;
}

function showGrips() {
  const field = main();
  if (!field || state.chosen.length > 1 || field.page !== state.page) return layers.grips.replaceChildren();
  const [x, y, width, height] = bounds(field.cells);
  const size = GRIP / zoom;
  const [narrow, low] = [width * zoom < SMALL, height * zoom < SMALL];
  const [aside, above] = [narrow ? size / 2 : 0, low ? size / 2 : 0];
  const grips = SIDES.map(([across, down], number) => {
    if ((narrow && across === 0.5) || (low && down === 0.5)) return null;
    const grip = draw("rect", {
      x: x + across * width - size / 2 + (across - 0.5) * 2 * aside,
      y: y + down * height - size / 2 + (down - 0.5) * 2 * above,
      width: size, height: size, class: `grip side-${number % 4}`,
    });
    grip.dataset.side = number;
    return grip;
  });
  layers.grips.replaceChildren(...grips.filter(Boolean));
}

/** A point of the screen in millimetres on the paper. */
function place(event) {
  const { left, top } = paper.getBoundingClientRect();
  return [(event.clientX - left) / zoom, (event.clientY - top) / zoom];
}

/** How far to go on for an edge to meet one that is printed, on each axis. */
function snap(edges, axis) {
  const page = pageOf(state.page);
  let best = SNAP / zoom;
  let move = 0;
  for (const box of page.anchors) {
    for (const there of [box[axis], box[axis] + box[axis + 2]]) {
      for (const edge of edges) {
        if (Math.abs(there - edge) < Math.abs(best)) [best, move] = [there - edge, there - edge];
      }
    }
  }
  return move;
}

function press(event) {
  if (event.button !== 0) return;
  const grip = event.target.closest(".grip");
  const group = event.target.closest(".field");
  if (grip) return drag(event, stretching(Number(grip.dataset.side)));
  const anchor = event.target.closest(".anchor");
  if (anchor) return removeAnchor(Number(anchor.dataset.number));
  if (isAdding || isAnchoring || !group) return drag(event, banding(event));
  const id = Number(group.dataset.id);
  if (event.shiftKey || event.ctrlKey || event.metaKey) {
    const others = state.chosen.filter((other) => other !== id);
    choose(state.chosen.includes(id) && others.length ? others : [...others, id]);
  } else if (!state.chosen.includes(id)) choose([id]);
  else choose([...state.chosen.filter((other) => other !== id), id]);
  group.focus({ preventScroll: true });
  event.preventDefault();
  drag(event, moving());
}

/** Follows the pointer until it is let go: `to(across, down, event)`, then `end(dragged, event)`. */
function drag(event, { to, end = () => {} }) {
  const from = place(event);
  const [x, y] = [event.clientX, event.clientY];
  let dragged = false;
  paper.setPointerCapture(event.pointerId);
  const follow = (now) => {
    dragged ||= Math.hypot(now.clientX - x, now.clientY - y) > START;
    if (!dragged) return;
    const [across, down] = place(now);
    to(across - from[0], down - from[1], now);
  };
  const stop = (now) => {
    paper.removeEventListener("pointermove", follow);
    paper.removeEventListener("pointerup", stop);
    paper.removeEventListener("pointercancel", stop);
    end(dragged, now);
  };
  paper.addEventListener("pointermove", follow);
  paper.addEventListener("pointerup", stop);
  paper.addEventListener("pointercancel", stop);
}

/** One drag is one step to undo, however long it takes. */
function dragged(before, after) {
  const key = `drag ${dragged.count}`;
  replaceFields(before.map(after), key);
}
dragged.count = 0;

function moving() {
  const before = chosenFields();
  dragged.count += 1;
  return {
    to(across, down, event) {
      const [x, y, width, height] = bounds(before.flatMap((field) => field.cells));
      const free = event.altKey;
      const right = across + (free ? 0 : snap([x + across, x + width + across], 0));
      const lower = down + (free ? 0 : snap([y + down, y + height + down], 1));
      dragged(before, (field) => moved(field, right, lower));
    },
  };
}

function stretching(side) {
  const before = main();
  const [across, down] = SIDES[side];
  const [x, y, width, height] = bounds(before.cells);
  dragged.count += 1;
  const edge = (where, low, size, move, axis, free) => {
    if (where === 0.5) return [low, size];
    const moves = low + where * size + move;
    const to = moves + (free ? 0 : snap([moves], axis));
    return where ? [low, to - low] : [to, low + size - to];
  };
  return {
    to(right, lower, event) {
      const [left, wide] = edge(across, x, width, right, 0, event.altKey);
      const [top, high] = edge(down, y, height, lower, 1, event.altKey);
      if (wide > 0 && high > 0) dragged([before], (field) => stretched(field, [left, top, wide, high]));
    },
  };
}

/** A band around fields chooses them; while adding, it is the new field. */
function banding(event) {
  const [x, y] = place(event);
  const band = draw("rect");
  const box = (across, down) => [Math.min(x, x + across), Math.min(y, y + down), Math.abs(across), Math.abs(down)];
  let now = [x, y, 0, 0];
  return {
    to(across, down) {
      now = box(across, down);
      set(band, { x: now[0], y: now[1], width: now[2], height: now[3] });
      layers.band.replaceChildren(band);
    },
    end(wasDragged) {
      layers.band.replaceChildren();
      if (isAnchoring) return wasDragged && addAnchor(now);
      if (isAdding) return addHere(wasDragged ? now : printedBox(x, y));
      if (wasDragged) choose(within(now), { page: state.page });
      else choose([], { page: state.page });
    },
  };
}

function addAnchor(box) {
  if (box[2] < 1 && box[3] < 1) return;
  setAnchors([...pageOf(state.page).anchors, box.map(round)]);
}

function addHere(box) {
  if (!box || box[2] < 1 || box[3] < 1) return;
  setAdding(false);
  const field = add(box);
  groups.get(field.id)?.focus({ preventScroll: true });
}

/** The smallest printed box around a point that is no field yet. */
function printedBox(x, y) {
  const around = ([left, top, width, height]) => left <= x && x <= left + width && top <= y && y <= top + height;
  const boxes = pageOf(state.page).anchors.filter(around).sort((a, b) => a[2] * a[3] - b[2] * b[3]);
  return boxes[0] ?? null;
}

function within([left, top, width, height]) {
  const inside = ([x, y, w, h]) => x + w / 2 >= left && x + w / 2 <= left + width && y + h / 2 >= top && y + h / 2 <= top + height;
  return state.fields.filter((field) => field.page === state.page && inside(bounds(field.cells))).map(({ id }) => id);
}

paper.addEventListener("pointerdown", press);
paper.addEventListener("dblclick", (event) => {
  // The target is the paper, which holds the pointer.
  if (isAnchoring) return;
  if (document.elementFromPoint(event.clientX, event.clientY)?.closest(".field")) return byId("name").focus(), byId("name").select();
  const [x, y] = place(event);
  addHere(printedBox(x, y));
});
paper.addEventListener("focusin", (event) => {
  const id = Number(event.target.closest?.(".field")?.dataset.id);
  if (id && !state.chosen.includes(id)) choose([id]);
});
