// The frame of the editor: keys, undo, checks, saving, leaving.

import { byId, make, openDialog, say } from "../../shared/elements.js";
import { ask, onError, whenQuiet } from "./api.js";
import {
  addBelow, canRedo, canUndo, choose, chosenFields, isDirty, main, markSaved, merge, moved, neighbour, onChange, redo, remove,
  renameForm, reorder, replaceFields, split, start, state, stretched, bounds, undo, whole,
} from "./model.js";
import * as panel from "./panel.js";
import * as paper from "./paper.js";

const CHECK_MS = 250;
const SUGGEST_MS = 500;
const NUDGE = 0.5; // mm
let opened = ""; // Version of the file that this window began with,
let seen = ""; // and the one that it knows to be on disk.
let isLeaving = false;

async function check() {
  const ids = state.fields.map((field) => field.id);
  const { faults } = await ask("check", { opened, ...whole() });
  const found = faults.map((fault) => ({ ...fault, id: fault.field === null ? null : ids[fault.field] }));
  panel.showFaults(found);
  paper.showFaults(new Set(found.map((fault) => fault.id)));
}
const checkSoon = whenQuiet(check, CHECK_MS);

let places = "";
async function suggest() {
  const now = JSON.stringify(state.fields.map(({ id, page, kind, cells }) => [id, page, kind, cells]));
  if (now === places) return;
  places = now;
  const ids = state.fields.map((field) => field.id);
  const { names } = await ask("suggest", whole());
  panel.learnNames(new Map(ids.map((id, place) => [id, names[place]])));
}
const suggestSoon = whenQuiet(suggest, SUGGEST_MS);

async function read() {
  const { texts } = await ask("read", {});
  panel.learnTexts(new Map(texts.map((text, was) => [was, text])));
}

function showAll(what) {
  paper.show();
  panel.show();
  showFrame();
  if (what === "fields") checkSoon(), suggestSoon();
}

function showFrame() {
  const { chosen } = state;
  byId("undo").disabled = !canUndo();
  byId("redo").disabled = !canRedo();
  for (const id of ["merge", "delete"]) byId(id).disabled = !chosen.length;
  byId("split").disabled = chosen.length !== 1 || main().kind === "check";
  const dirty = isDirty();
  byId("saved").textContent = dirty ? "not saved" : "saved";
  byId("saved").classList.toggle("dirty", dirty);
  document.title = `${dirty ? "• " : ""}${byId("file").textContent} - template`;
  for (const button of byId("pages").children) button.setAttribute("aria-current", Number(button.dataset.page) === state.page);
  if (document.activeElement !== byId("form")) byId("form").value = state.name;
  const note = state.pages.find((page) => page.number === state.page)?.note ?? "";
  byId("note").textContent = note;
  byId("note").hidden = !note;
}

/** Takes over what is being typed, as leaving the control does. */
function settle() {
  panel.settle();
  const name = byId("form").value.trim();
  if (name !== state.name) renameForm(name);
}

async function save({ force = false } = {}) {
  settle();
  const before = JSON.stringify(whole());
  const reply = await ask("save", { opened, seen, force, ...whole() });
  if (!reply.saved) return openDialog(byId("changed")), false;
  seen = reply.version;
  // What was typed while it was being written is not saved yet.
  if (before === JSON.stringify(whole())) markSaved();
  say(`Saved at ${new Date().toLocaleTimeString()}`);
  return true;
}

async function leave(discard) {
  isLeaving = true;
  try {
    await ask("leave", { discard });
    openDialog(byId("left"));
  } catch {
    isLeaving = false;
  }
}

function close() {
  settle();
  if (isDirty()) openDialog(byId("unsaved"));
  else leave(true);
}

function doMerge() {
  const problem = merge();
  say(problem || "Merged.");
  paper.reveal();
}

function askSplit() {
  const field = main();
  if (!field || field.kind === "check") return;
  const count = field.cells.length;
  const half = Math.ceil(count / 2);
  byId("sizes").value = count > 1 ? `${half} ${count - half}` : "1 1";
  byId("split-help").textContent = count > 1
    ? `How many of its ${count} cells each part has, such as 2 2 4 for a date.`
    : "The share of its width that each part has: 1 1 are halves, 2 1 two thirds and one.";
  byId("split-problem").hidden = true;
  openDialog(byId("splitting"));
  byId("sizes").select();
}

function doSplit(event) {
  const sizes = byId("sizes").value.trim().split(/[\s,+]+/).map(Number);
  const count = main().cells.length;
  const sum = sizes.reduce((total, size) => total + size, 0);
  const whole = sizes.length > 1 && sizes.every((size) => size > 0 && (count === 1 || Number.isInteger(size)));
  if (whole && (count === 1 || sum === count)) return split(sizes), say(`Split into ${sizes.length}.`);
  event.preventDefault();
  byId("split-problem").textContent = count > 1 ? `Two numbers or more that make ${count} together.` : "Two numbers or more above 0.";
  byId("split-problem").hidden = false;
}

function nudge(across, down) {
  const far = NUDGE;
  replaceFields(chosenFields().map((field) => moved(field, across * far, down * far)), "nudge");
  paper.reveal();
}

function stretch(across, down) {
  const change = (field) => {
    const [x, y, width, height] = bounds(field.cells);
    return stretched(field, [x, y, width + across * NUDGE, height + down * NUDGE]);
  };
  replaceFields(chosenFields().map(change), "stretch");
  paper.reveal();
}

function putInOrder(step) {
  say(reorder(step) ? `${main().name} is ${step > 0 ? "later" : "earlier"} now.` : "It is at the end of its page.");
  panel.reveal();
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function walk(across, down, event) {
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey) return down && putInOrder(down);
  if (control) return nudge(across, down);
  if (event.shiftKey) return stretch(across, down);
  const next = main() ? neighbour(main(), across, down) : state.fields.find((field) => field.page === state.page);
  if (next) choose([next.id]), paper.reveal({ focus: true });
}

/** Keys on the paper. */
const onPaper = {
  Enter: () => (byId("name").focus(), byId("name").select()),
  F2: () => onPaper.Enter(),
  Delete: () => (remove(), paper.reveal()),
  Backspace: () => onPaper.Delete(),
  " ": mark,
  n: () => (addBelow(), paper.reveal({ focus: true })),
  m: doMerge,
  s: askSplit,
  a: () => paper.setAnchoring(!paper.anchoring()),
  r: () => main() && replaceFields(chosenFields().map((field) => ({ ...field, required: !main().required }))),
};

/** Keeps the field where the keys are among the chosen while others are gone to. */
function mark() {
  const id = Number(document.activeElement.dataset.id);
  if (!id) return;
  const others = state.chosen.filter((other) => other !== id);
  marked = new Set(marked.has(id) ? [...marked].filter((other) => other !== id) : [...marked, id]);
  choose([...new Set([...others.filter((other) => marked.has(other)), ...marked, id])].sort((a, b) => (a === id) - (b === id)));
  say(`${marked.size} marked; M merges them.`);
}
let marked = new Set();

function press(event) {
  if (document.querySelector("dialog[open]")) return;
  const control = (event.ctrlKey || event.metaKey) && !event.altKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (control && key === "s") return act(event, () => save().catch(() => {}));
  const typing = event.target.matches("input:not([type=checkbox])") && event.target.dataset.typed;
  if (control && !typing && (key === "y" || (key === "z" && event.shiftKey))) return act(event, doRedo);
  if (control && !typing && key === "z") return act(event, doUndo);
  if (event.altKey && "123".includes(event.key)) return act(event, () => takeName(Number(event.key)));
  if (event.key === "?" && !event.target.matches("input")) return act(event, () => openDialog(byId("keys")));
  if (event.target.closest("#values")) return pressInPanel(event);
  if (event.altKey && event.target.closest("#list") && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    return act(event, () => putInOrder(event.key === "ArrowUp" ? -1 : 1));
  }
  if (!event.target.closest("#desk")) return;
  if (event.target.matches(".anchor") && ["Delete", "Backspace", " "].includes(event.key)) {
    return act(event, () => paper.removeAnchor(Number(event.target.dataset.number)));
  }
  if (event.key === "Escape") return act(event, () => (paper.setAdding(false), paper.setAnchoring(false), (marked = new Set()), main() && choose([main().id])));
  if (event.key in ARROWS) return act(event, () => walk(...ARROWS[event.key], event));
  if (event.altKey || control) return;
  if (event.key === "+" || event.key === "-") return act(event, () => paper.zoomBy(event.key === "+" ? 1 : -1));
  if (event.key === "0") return act(event, () => paper.zoomBy(0));
  if (key in onPaper) act(event, onPaper[key]);
}

function pressInPanel(event) {
  if (event.key === "Escape") {
    const input = event.target;
    delete input.dataset.typed;
    panel.show();
    return act(event, () => paper.reveal({ focus: true }));
  }
  if (event.key !== "Enter" || !event.target.matches("input:not([type=checkbox])")) return;
  event.preventDefault();
  panel.settle();
  if (event.target.id !== "name") return;
  // The next name: a form is named by typing and Enter alone.
  if (!panel.go(event.shiftKey ? -1 : 1)) return say("This was the last field.");
  paper.reveal({ focus: false });
  byId("name").select();
}

function takeName(number) {
  const name = main() && panel.namesFor(main())[number - 1];
  if (!name) return;
  delete byId("name").dataset.typed;
  panel.rename(name);
  if (document.activeElement === byId("name")) byId("name").select();
}

const doUndo = () => (say(undo() ? "Undone." : "Nothing to undo."), paper.reveal());
const doRedo = () => (say(redo() ? "Done again." : "Nothing to do again."), paper.reveal());

function act(event, action) {
  event.preventDefault();
  action();
}

function showPages() {
  const buttons = state.pages.map(({ number }) => {
    const button = make("button", { type: "button", dataset: { page: number } }, `Page ${number}`);
    button.addEventListener("click", () => choose(state.fields.filter((field) => field.page === number).slice(0, 1).map(({ id }) => id), { page: number }));
    return button;
  });
  byId("pages").replaceChildren(...buttons);
  byId("pages").hidden = buttons.length < 2;
}

async function open() {
  const template = await ask("template");
  opened = seen = template.version;
  panel.start(template.words);
  start(template);
  showPages();
  byId("loading").hidden = true;
  paper.reveal({ focus: true });
  await check();
  await suggest();
  await read();
}

onChange(showAll);
onError((message) => {
  byId("alert").hidden = !message;
  byId("alert").textContent = message ?? "";
});
document.addEventListener("keydown", press);
addEventListener("beforeunload", (event) => {
  if (!isLeaving && isDirty()) event.preventDefault(), (event.returnValue = "");
});
const buttons = {
  undo: doUndo, redo: doRedo, merge: doMerge, split: askSplit, delete: onPaper.Delete,
  add: () => (paper.setAnchoring(false), paper.setAdding(!paper.adding())),
  anchors: onPaper.a, "anchors-done": onPaper.a, earlier: () => putInOrder(-1), later: () => putInOrder(1),
  "anchor-fields": () => say(`${paper.anchorFields()} cells added.`),
  "name-all": () => say(`${panel.nameAll()} fields named; look through them.`),
  "zoom-in": () => paper.zoomBy(1), "zoom-out": () => paper.zoomBy(-1), fit: () => paper.zoomBy(0),
  help: () => openDialog(byId("keys")), close, save: () => save().catch(() => {}),
};
for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener("click", action);
byId("form").addEventListener("change", settle);
byId("form").addEventListener("keydown", (event) => event.key === "Enter" && paper.reveal({ focus: true }));
byId("split-form").addEventListener("submit", (event) => event.submitter?.value === "split" && doSplit(event));
byId("unsaved").addEventListener("close", async () => {
  const answer = byId("unsaved").returnValue;
  if (answer === "discard") leave(true);
  if (answer === "save" && (await save().catch(() => false))) leave(true);
});
byId("changed").addEventListener("close", () => {
  const answer = byId("changed").returnValue;
  if (answer === "overwrite") save({ force: true }).catch(() => {});
  if (answer === "theirs") (isLeaving = true), location.reload();
});
open().catch(() => {});
