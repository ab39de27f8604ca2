// The frame around the three ways to review: keys, progress, undo, finishing.

import { byId, make, say } from "../../shared/elements.js";
import { ask, client, onError, onProgress, only, release, undo, want } from "./api.js";
import { showDialog } from "./common.js";
import { fields } from "./fields.js";
import { one } from "./one.js";
import { tiles } from "./tiles.js";

const views = { tiles, one, fields };
const POLL_MS = 20000;
const LONGEST_PAUSE_S = 30; // A longer one is a break, not work on a cell.
let view = "tiles";
let seconds = 0;
let answered = 0;
let progress = null;
let before = null;

function open(name) {
  view = name;
  history.replaceState(null, "", `#${name}`);
  for (const button of document.querySelectorAll("nav button")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  show(name);
  return views[name].open();
}

function show(section) {
  for (const name of [...Object.keys(views), "done"]) byId(name).hidden = name !== section;
  byId("bar-tiles").hidden = section !== "tiles";
}

function empty(putOff = 0) {
  show("done");
  const left = progress.due - progress.answered;
  const filtered = FACETS.some((facet) => only[facet]);
  const put = filtered ? "The filter at the top may hide some. " : putOff ? `${putOff} put off in the tiles: One by one shows them. ` : "";
  const others = left - putOff > 0 ? `${left - putOff} are shown in another window just now.` : "";
  byId("done").querySelector("h2").textContent = left ? "Nothing more here" : "Everything is reviewed";
  byId("rest").textContent = left ? put + others : "Finish writes the results and ends the program.";
  byId("finish").focus();
}

function showProgress(now) {
  if (progress && now.answered > progress.answered) {
    const time = performance.now() / 1000;
    if (before !== null) {
      seconds += Math.min(LONGEST_PAUSE_S, time - before);
      answered += now.answered - progress.answered;
    }
    before = time;
  }
  before ??= performance.now() / 1000;
  progress = now;
  byId("bar").max = Math.max(1, now.due);
  byId("bar").value = now.answered;
  byId("count").textContent = `${now.answered} of ${now.due}${timeLeft()}`;
}

function timeLeft() {
  const left = progress.due - progress.answered;
  if (!left || answered < 5) return "";
  const minutes = (left * seconds) / answered / 60;
  return minutes < 1 ? " · under a minute left" : ` · about ${Math.round(minutes)} min left`;
}

async function takeBack() {
  const step = await undo().catch(() => undefined);
  if (step === undefined) return;
  if (!step) return say("Nothing to undo in this window.");
  if (step.view && step.view !== view) {
    view = step.view;
    for (const button of document.querySelectorAll("nav button")) {
      if (button.dataset.view === view) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
  }
  show(view);
  await views[view].back(step.keys);
  const refused = step.refused ? `; ${step.refused} had been changed by somebody else` : "";
  say(`Undone${refused}`);
}

/** Finishes for all, or leaves the others to it; either way the results are written. */
async function end(address) {
  byId("finish").disabled = byId("leave").disabled = true;
  say("Writing the results…");
  try {
    const reply = await ask(address, { client });
    byId("lines").replaceChildren(...reply.lines.map((line) => make("li", {}, line)));
    byId("finished-title").textContent = address === "leave" ? "You have left" : "Finished";
    clearInterval(polling);
    byId("finished").showModal();
  } catch {
    byId("finish").disabled = byId("leave").disabled = false;
  }
}

/** Asks before something is lost: answers that are missing, others who are at work. */
async function finish() {
  const { others } = await ask(`progress?client=${client}`);
  const left = progress.due - progress.answered;
  const warnings = [
    left ? `${left} of ${progress.due} characters have no answer yet; they stay flagged in the results.` : "",
    others ? `${others === 1 ? "Another window is" : `${others} other windows are`} open: finishing ends the review for all.` : "",
  ].filter(Boolean);
  if (!warnings.length) return end("finish");
  byId("warnings").replaceChildren(...warnings.map((warning) => make("li", {}, warning)));
  showDialog(byId("asking"));
}

const FACETS = ["form", "field", "file", "reason"];

/** Offers what the cells that are left may be filtered by. */
async function offerFilters() {
  const { choices } = await ask("choices", {});
  for (const facet of FACETS) {
    const select = byId(`only-${facet}`);
    const wanted = only[facet] ?? "";
    const option = (value, label) => make("option", { value, selected: value === wanted }, label);
    const offered = choices[facet].map(([value, count]) => option(value, `${value} (${count})`));
    if (wanted && !choices[facet].some(([value]) => value === wanted)) offered.push(option(wanted, `${wanted} (0)`));
    select.replaceChildren(option("", `every ${facet}`), ...offered);
    select.parentElement.hidden = !offered.length;
  }
  byId("filters").classList.toggle("on", FACETS.some((facet) => only[facet]));
}

function press(event) {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) {
    const undoes = event.key === "z" && !document.querySelector("dialog[open]");
    if (undoes && !isText(event.target)) act(event, takeBack);
    return;
  }
  const number = { F1: "tiles", F2: "one", F3: "fields" }[event.key];
  if (number) return act(event, () => open(number));
  if (event.target.id === "reviewer" && event.key === "Enter") event.target.blur();
  if (isText(event.target) || isOtherControl(event)) return;
  if (byId(view).hidden) return;
  if (event.key === "Backspace") return act(event, takeBack);
  if (event.repeat && event.key === "Enter") return event.preventDefault();
  if (views[view].press(event)) event.preventDefault();
}

function act(event, action) {
  event.preventDefault();
  action();
}

const isText = (element) => element.matches("input:not([type=checkbox]), textarea, select");

/** Enter and Space on a button are the button's. */
function isOtherControl(event) {
  const control = event.target.closest("button:not(.tile), summary, a, input, select");
  return control && (event.key === "Enter" || event.key === " ");
}

for (const [name, each] of Object.entries(views)) {
  each.onEmpty = empty;
  document.querySelector(`[data-view=${name}]`).addEventListener("click", () => open(name));
}
onProgress(showProgress);
onError((message) => {
  byId("alert").hidden = !message;
  byId("alert").textContent = message ?? "";
});
document.addEventListener("keydown", press);
addEventListener("pagehide", release);
byId("undo").addEventListener("click", takeBack);
byId("finish").addEventListener("click", () => finish().catch(() => {}));
byId("leave").addEventListener("click", () => end("leave"));
byId("asking").addEventListener("close", () => {
  if (byId("asking").returnValue === "finish") end("finish");
});
for (const facet of FACETS) {
  byId(`only-${facet}`).addEventListener("change", (event) => {
    want(facet, event.target.value);
    offerFilters().catch(() => {});
    open(view);
  });
  // Counts are of the moment when they are looked at.
  byId(`only-${facet}`).addEventListener("focus", () => offerFilters().catch(() => {}));
}
byId("help").addEventListener("click", () => showDialog(byId("keys")));
byId("accept").addEventListener("click", () => tiles.accept());
byId("typed").addEventListener("input", (event) => {
  tiles.type(event.target.value);
  event.target.value = "";
});
for (const [name, kind] of [["reviewer", "value"], ["capitals", "checked"]]) {
  const element = byId(name);
  const kept = localStorage.getItem(`hcr-batch ${name}`);
  if (name === "capitals" && kept) element.checked = kept === "true";
  if (name === "reviewer" && sessionStorage.getItem("reviewer")) element.value = sessionStorage.getItem("reviewer");
  element.addEventListener("change", () => {
    if (kind === "value") sessionStorage.setItem("reviewer", element.value);
    else localStorage.setItem(`hcr-batch ${name}`, element.checked);
  });
}
const polling = setInterval(() => ask(`progress?client=${client}`).catch(() => {}), POLL_MS);
// The filters first: tiles fill what room these leave.
offerFilters()
  .catch(() => {})
  .then(() => open(location.hash.slice(1) in views ? location.hash.slice(1) : "tiles"))
  .catch(() => {});
