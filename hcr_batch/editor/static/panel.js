// The panel beside the form: the values of the field chosen, and the list of all fields.

import { byId, make } from "../../shared/elements.js";
import {
  bounds, choose, chosenFields, divided, isUnnamed, main, put, replaceFields, round, state, stretched,
} from "./model.js";
import { described, reveal as revealOnPaper } from "./paper.js";

const MOST_NAMES = 3;
const ARGUMENTS = { date: "%d%m%Y", lexicon: "names.txt", weighted: "7,3,1 mod 10", stdnum: "iban" };
const PLACES = ["x", "y", "width", "height"];
const MARKED = { "": "name", box: "x", cell_boxes: "x", cells: "cells", gap: "cells", length: "cells" };

let faults = [];
let names = new Map();
let texts = new Map();
let charsets = [];
const items = new Map();
let inView = null; // The field whose item the list was scrolled to.

export function start(words) {
  charsets = words.charsets;
  const option = (value, text = value) => make("option", { value }, text);
  byId("kind").replaceChildren(...words.kinds.map((kind) => option(kind)));
  const sets = { digits: "digits 0-9", upper: "upper A-Z", lower: "lower a-z", letters: "letters A-z", alnum: "alnum 0-9 A-z" };
  byId("charset").replaceChildren(...charsets.map((set) => option(set, sets[set])), option("own", "these only:"));
  byId("case").replaceChildren(option("", "as the settings say"), ...words.cases.map((name) => option(name)));
}

export function showFaults(found) {
  faults = found;
  show();
}

export function learnNames(found) {
  names = found;
  show();
}

export function learnTexts(found) {
  texts = found;
  show();
}

/** Names that the form suggests for a field and that it does not have yet. */
export const namesFor = (field) => (names.get(field.id) ?? []).filter((name) => name !== field.name).slice(0, MOST_NAMES);

export function show() {
  const field = main();
  byId("none").hidden = Boolean(field);
  byId("values").hidden = !field;
  if (field) showValues(field);
  showList();
}

function showValues(field) {
  const many = state.chosen.length;
  byId("which").textContent = many > 1 ? `${many} fields chosen: rules are set for all of them` : described(field);
  fill("name", field.name);
  byId("name").disabled = many > 1;
  byId("kind").value = field.kind;
  const isFree = field.kind === "free";
  byId("cells-label").textContent = isFree ? "Length" : "Cells";
  fill("cells", isFree ? field.length ?? "" : field.cells.length);
  byId("cells").disabled = field.kind === "check";
  const isOwn = !charsets.includes(field.charset);
  byId("charset").value = isOwn ? "own" : field.charset;
  byId("own").hidden = !isOwn && !byId("own").dataset.open;
  fill("own", isOwn ? field.charset : "");
  byId("case").value = field.case;
  fill("pattern", field.pattern);
  const [check, ...argument] = field.check.split(":");
  byId("check").value = check in ARGUMENTS || ["none", "luhn", "mod97"].includes(check) ? check : "none";
  byId("argument").hidden = !(check in ARGUMENTS);
  fill("argument", argument.join(":"));
  byId("required").checked = field.required;
  byId("key").checked = field.key;
  byId("key-label").hidden = state.pages.length < 2 && !field.key;
  for (const id of ["charset", "own", "case", "pattern", "check", "argument", "key"]) byId(id).disabled = field.kind === "check";
  bounds(field.cells).forEach((value, n) => fill(PLACES[n], round(value)));
  showSuggestions(field);
  showProblems(field);
}

/** Puts a value in an input, unless somebody is typing there. */
function fill(id, value) {
  const input = byId(id);
  if (document.activeElement === input && input.dataset.typed) return;
  input.value = value;
  delete input.dataset.typed;
}

function showSuggestions(field) {
  const offered = state.chosen.length > 1 ? [] : namesFor(field);
  const shown = [...byId("names").children].map((button) => button.textContent);
  if (shown.join("\n") !== offered.join("\n")) byId("names").replaceChildren(...offered.map(nameButton));
  const text = texts.get(field.was) ?? "";
  const set = text && fittingSet(text);
  byId("read").hidden = !text || field.was === null;
  byId("read-text").textContent = text;
  byId("use-set").hidden = !set || set === field.charset || field.kind === "check";
  byId("use-set").textContent = set || "";
}

function nameButton(name, place) {
  const button = make("button", { type: "button", title: `Alt+${place + 1}` }, name);
  button.addEventListener("click", () => rename(name));
  return button;
}

function fittingSet(text) {
  const plain = text.replaceAll(" ", "");
  if (/^\d+$/.test(plain)) return "digits";
  return /^[A-Z]+$/.test(plain) ? "upper" : "";
}

function showProblems(field) {
  const mine = faults.filter((fault) => fault.id === field.id);
  for (const input of byId("values").querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const fault of mine) {
    let id = MARKED[fault.key] ?? fault.key;
    if (id === "charset" && !byId("own").hidden) id = "own";
    if (id === "check" && !byId("argument").hidden) id = "argument";
    byId(id)?.setAttribute("aria-invalid", "true");
  }
  byId("problem").textContent = mine.map((fault) => `${fault.key} ${fault.problem}`.trim()).join("; ");
  byId("problem").hidden = !mine.length;
}

function showList() {
  const wrong = new Map(faults.filter((fault) => fault.id).map((fault) => [fault.id, fault]));
  const list = byId("list");
  const kept = new Set(state.fields.map((field) => field.id));
  for (const [id, item] of items) {
    if (!kept.has(id)) item.remove(), items.delete(id);
  }
  // Items stay where they are: a click must not miss one that is made anew just then.
  state.fields.forEach((field, place) => {
    const item = items.get(field.id) ?? newItem(field.id);
    showItem(item, field, wrong.get(field.id));
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  // Not at every check that comes back: somebody may have scrolled to click elsewhere.
  if (inView !== main()?.id) items.get(main()?.id)?.scrollIntoView({ block: "nearest" });
  inView = main()?.id;
  const unnamed = state.fields.filter(isUnnamed).length;
  const general = faults.filter((fault) => !fault.id).map((fault) => fault.problem);
  byId("named").textContent = `${state.fields.length - unnamed} of ${state.fields.length} named`;
  byId("faults").textContent = general[0] ?? (wrong.size ? `${wrong.size} with a fault` : "no faults");
  byId("faults").classList.toggle("bad", faults.length > 0);
  byId("name-all").hidden = !state.fields.some((field) => isUnnamed(field) && namesFor(field).length);
}

/** Brings the item of the field chosen last into view. */
export const reveal = () => items.get(main()?.id)?.scrollIntoView({ block: "nearest" });

function newItem(id) {
  const item = make("li", { dataset: { id }, role: "option" }, make("span"), make("span", { className: "mark" }));
  items.set(id, item);
  return item;
}

function showItem(item, field, fault) {
  const [name, mark] = item.children;
  name.textContent = field.name || "(no name)";
  mark.textContent = fault ? fault.key || "fault" : "";
  item.className = [isUnnamed(field) && "unnamed", fault && "faulty"].filter(Boolean).join(" ");
  item.setAttribute("aria-selected", state.chosen.includes(field.id));
}

export function rename(name) {
  const field = main();
  if (field && name.trim() && name.trim() !== field.name) put({ name: name.trim() }, { ids: [field.id] });
}

/** Gives all fields that have no name yet the likeliest one; names that are taken get a number. */
export function nameAll() {
  const taken = new Set(state.fields.map((field) => field.name));
  const named = state.fields.filter((field) => isUnnamed(field) && namesFor(field).length).map((field) => {
    const [best] = namesFor(field);
    let name = best;
    for (let number = 2; taken.has(name); number++) name = `${best}_${number}`;
    taken.add(name);
    return { ...field, name };
  });
  if (named.length) replaceFields(named);
  return named.length;
}

/** Chooses the field so many places on in the list; gives whether there is one. */
export function go(steps) {
  const place = state.fields.indexOf(main());
  const next = state.fields[place + steps];
  if (next) choose([next.id]);
  return Boolean(next);
}

function setCells(value) {
  const number = Math.trunc(Number(value));
  if (main().kind === "free") return put({ length: number > 0 ? number : null });
  const fields = chosenFields().filter((field) => ["comb", "boxes"].includes(field.kind) && number > 0 && field.cells.length !== number);
  if (fields.length) replaceFields(fields.map((field) => divided(field, number)));
}

function setPlace() {
  const box = PLACES.map((id) => Number(byId(id).value));
  const old = bounds(main().cells).map(round);
  if (box.every((value, n) => value === old[n]) || !box.every(Number.isFinite)) return show();
  replaceFields([stretched(main(), box)]);
}

function setCheck() {
  const kind = byId("check").value;
  if (!(kind in ARGUMENTS)) return put({ check: kind });
  const given = byId("argument").value.trim();
  const was = main().check.split(":")[0];
  put({ check: `${kind}:${was === kind && given ? given : ARGUMENTS[kind]}` });
  if (was !== kind) byId("argument").select();
}

function setOwn() {
  const set = byId("own").value;
  delete byId("own").dataset.open;
  if (set && set !== main().charset) put({ charset: set });
  else show();
}

/** What is done when the value of a control was changed. */
const actions = {
  name: () => rename(byId("name").value),
  kind: () => put({ kind: byId("kind").value }),
  cells: () => setCells(byId("cells").value),
  case: () => put({ case: byId("case").value }),
  pattern: () => put({ pattern: byId("pattern").value }),
  check: setCheck,
  argument: setCheck,
  own: setOwn,
  required: () => put({ required: byId("required").checked }),
  key: () => put({ key: byId("key").checked }, { ids: [main().id] }),
  ...Object.fromEntries(PLACES.map((id) => [id, setPlace])),
  charset() {
    const set = byId("charset").value;
    if (set !== "own") return put({ charset: set });
    byId("own").dataset.open = "true";
    byId("own").hidden = false;
    byId("own").focus();
  },
};

/** Takes over what is being typed, as leaving the control does. */
export function settle() {
  const input = document.activeElement;
  if (!input?.dataset?.typed || !(input.id in actions)) return;
  delete input.dataset.typed;
  actions[input.id]();
}

for (const id of Object.keys(actions)) {
  byId(id).addEventListener("input", (event) => {
    if (event.target.matches("input:not([type=checkbox])")) event.target.dataset.typed = "true";
  });
  byId(id).addEventListener("change", (event) => {
    delete event.target.dataset.typed;
    if (main()) actions[id]();
  });
}
byId("use-set").addEventListener("click", () => put({ charset: byId("use-set").textContent }));
byId("list").addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (!item) return;
  const id = Number(item.dataset.id);
  const others = state.chosen.filter((other) => other !== id);
  choose(event.shiftKey || event.ctrlKey || event.metaKey ? [...others, id] : [id]);
  revealOnPaper({ focus: true });
});
byId("list").addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!steps || event.altKey) return;
  event.preventDefault();
  if (go(steps)) revealOnPaper({ focus: false });
});
