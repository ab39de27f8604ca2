import { byId as $, make } from "../shared/elements.js";

const DEBOUNCE_MS = 120;
const RETRIES = 3;
const PEN = 26; // canvas pixels; the canvas has 640
const BARS = 10;
const FORM_PIXELS = 500; // a picture with a shorter side is one character's

const canvas = $("canvas");
const pen = canvas.getContext("2d");

/* Requests. A newer one makes the answer to an older one worthless. */

let latest = null;

async function ask(url, options) {
  latest?.abort();
  latest = new AbortController();
  const mine = latest;
  document.body.setAttribute("aria-busy", "true");
  try {
    return await fetched(url, { ...options, method: "POST", signal: mine.signal });
  } finally {
    if (mine === latest) document.body.removeAttribute("aria-busy");
  }
}

async function fetched(url, options) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, options);
    if (response.status === 503 && attempt < RETRIES) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
      continue;
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error || `the server answered ${response.status}`);
    return answer;
  }
}

async function attempted(work) {
  try {
    say("");
    await work();
  } catch (error) {
    if (error.name !== "AbortError") say(error.message);
  }
}

function say(text) {
  $("message").textContent = text;
  $("message").hidden = !text;
}

/* What was read. */

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function showPrediction(answer) {
  const { character, confidence, flagged, reasons } = answer;
  $("character").textContent = character || "–";
  $("character").classList.toggle("none", !character);
  const blank = !character && !flagged;
  $("confidence").textContent = blank ? "Nothing written" : character ? percent(confidence) : "No character";
  $("remark").textContent = reasons.includes("low_confidence")
    ? "unsure: below the share from which on the model is trusted; a person should look"
    : character ? "sure" : "";
  $("remark").classList.toggle("flag", flagged && Boolean(character));
  const shares = answer.results.map((share, index) => [answer.classes[index], share]);
  shares.sort((one, other) => other[1] - one[1]);
  $("bars").replaceChildren(...(blank ? [] : shares.slice(0, BARS).map(bar)));
}

function bar([character, share]) {
  const fill = make("div", { className: "fill" });
  fill.style.width = `${100 * share}%`;
  const track = make("div", { className: "track" }, fill);
  return make("li", {}, make("b", {}, character), track, make("span", { className: "share" }, percent(share)));
}

function showNothing() {
  latest?.abort();
  $("character").textContent = "?";
  $("character").classList.add("none");
  $("confidence").textContent = "Nothing to read yet";
  $("remark").textContent = "";
  $("bars").replaceChildren();
}

function predictUrl() {
  return `predict?charset=${$("charset").value}`;
}

/* Drawing. Strokes are kept, so that they can be undone and redrawn in other colours. */

let strokes = [];
let current = null;
let timer = 0;

function place(event) {
  const area = canvas.getBoundingClientRect();
  const scale = canvas.width / area.width;
  return [(event.clientX - area.left) * scale, (event.clientY - area.top) * scale];
}

function redraw() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = pen.fillStyle = getComputedStyle(canvas).getPropertyValue("--stroke");
  pen.lineWidth = PEN;
  pen.lineCap = pen.lineJoin = "round";
  strokes.forEach(drawStroke);
  $("hint").hidden = strokes.length > 0;
}

function drawStroke(points) {
  pen.beginPath();
  pen.moveTo(...points[0]);
  // Curves through the middles of the segments: smooth, however few points a mouse gives.
  for (let index = 1; index < points.length - 1; index++) {
    const [x, y] = points[index];
    const [nextX, nextY] = points[index + 1];
    pen.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  pen.lineTo(...points.at(-1));
  pen.stroke();
}

function changed() {
  redraw();
  clearTimeout(timer);
  if (strokes.length) timer = setTimeout(predictDrawing, DEBOUNCE_MS);
  else showNothing();
}

function predictDrawing() {
  const image = canvas.toDataURL("image/png");
  const body = JSON.stringify({ image_data: image });
  const headers = { "Content-Type": "application/json" };
  attempted(async () => showPrediction(await ask(predictUrl(), { body, headers })));
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || current) return;
  canvas.setPointerCapture(event.pointerId);
  current = { id: event.pointerId, points: [place(event)] };
  strokes.push(current.points);
  forgetFile();
  changed();
  event.preventDefault();
});

canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== current?.id) return;
  const events = event.getCoalescedEvents?.() ?? [];
  current.points.push(...(events.length ? events : [event]).map(place));
  changed();
});

for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => {
    if (event.pointerId === current?.id) current = null;
  });
}

function clear() {
  strokes = [];
  forgetFile();
  changed();
}

function undo() {
  strokes.pop();
  changed();
}

/* Files: one character, or a form. */

let file = null;

async function take(chosen) {
  file = chosen;
  strokes = [];
  clearTimeout(timer);
  redraw();
  await attempted(() => read(chosen));
}

async function read(chosen) {
  const kind = $("kind").value;
  const picture = await pictureOf(chosen);
  showPreview(picture ? chosen : null);
  const looksLikeForm = !picture || Math.min(picture.width, picture.height) >= FORM_PIXELS;
  const isForm = kind === "auto" ? looksLikeForm : kind === "form";
  if (isForm) {
    const answer = await ask("scan?include=csv,xlsx,overlay", { body: formOf(chosen) });
    if (kind === "form" || characters(answer) > 1) return showForm(answer);
  }
  hideForm();
  showPrediction(await ask(predictUrl(), { body: formOf(chosen) }));
}

async function pictureOf(chosen) {
  try {
    const bitmap = await createImageBitmap(chosen);
    const size = { width: bitmap.width, height: bitmap.height };
    bitmap.close();
    return size;
  } catch {
    return null; // a PDF, a TIFF, or nothing the browser knows: the server decides
  }
}

function formOf(chosen) {
  const body = new FormData();
  body.append("file", chosen);
  return body;
}

function characters(answer) {
  return cellsOf(answer).filter((cell) => cell.character).length;
}

function cellsOf(answer) {
  return answer.pages.flatMap((page) => page.fields).flatMap((field) => field.cells);
}

function showPreview(chosen) {
  URL.revokeObjectURL($("preview").src);
  $("preview").hidden = !chosen;
  if (chosen) {
    $("preview").src = URL.createObjectURL(chosen);
    $("preview").alt = `The picture ${chosen.name}`;
  }
}

function forgetFile() {
  file = null;
  $("file").value = "";
  showPreview(null);
  say("");
}

/* A form that was read. */

function showForm(answer) {
  const cells = cellsOf(answer);
  const flagged = cells.filter((cell) => cell.flagged).length;
  $("form-title").textContent = answer.file;
  const pages = answer.pages.length === 1 ? "1 page" : `${answer.pages.length} pages`;
  $("summary").textContent = `${pages}, ${characters(answer)} characters, ${flagged} to look at`;
  $("pages").replaceChildren(...answer.pages.map(pageImage));
  $("fields").replaceChildren(...answer.pages.flatMap((page) => pageRows(page, answer.pages.length)));
  URL.revokeObjectURL($("download").href);
  $("download").href = URL.createObjectURL(new Blob([answer.csv], { type: "text/csv" }));
  $("download").download = `${answer.file.replace(/\.\w+$/, "")}.csv`;
  URL.revokeObjectURL($("workbook").href);
  const bytes = Uint8Array.from(atob(answer.xlsx), (byte) => byte.charCodeAt(0));
  $("workbook").href = URL.createObjectURL(new Blob([bytes]));
  $("workbook").download = `${answer.file.replace(/\.\w+$/, "")}.xlsx`;
  $("form").hidden = false;
  document.body.classList.add("showing-form");
  $("form").focus({ preventScroll: true });
}

function pageImage(page) {
  const image = document.createElement("img");
  image.src = page.overlay;
  image.alt = `Page ${page.number} with the cells that were read`;
  return image;
}

function pageRows(page, pages) {
  const rows = page.fields.map(fieldRow);
  if (pages > 1) rows.unshift(make("tr", { className: "page" }, make("td", { colSpan: 3 }, `Page ${page.number}`)));
  return rows;
}

function fieldRow(field) {
  const last = field.cells.findLastIndex((cell) => cell.character || cell.flagged);
  const isBlank = last < 0;
  const texts = isBlank ? [make("span", { className: "blank" }, "blank")] : field.cells.slice(0, last + 1).map(cellText);
  const confidence = isBlank ? "" : percent(field.confidence);
  return make("tr", {}, make("td", {}, field.name), make("td", {}, ...texts), make("td", {}, confidence));
}

function cellText(cell) {
  const shown = cell.character || (cell.flagged ? "?" : " ");
  return cell.flagged ? make("mark", {}, shown) : shown;
}

function hideForm() {
  $("form").hidden = true;
  document.body.classList.remove("showing-form");
}

/* The rest of the page. */

$("clear").addEventListener("click", clear);
$("undo").addEventListener("click", undo);
$("back").addEventListener("click", () => {
  hideForm();
  clear();
  $("clear").focus();
});
$("file").addEventListener("change", (event) => {
  if (event.target.files.length) take(event.target.files[0]);
});

for (const id of ["kind", "charset"]) {
  $(id).addEventListener("change", () => {
    if (file) attempted(() => read(file));
    else if (strokes.length) changed();
  });
}

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) take(event.clipboardData.files[0]);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") clear();
  if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo();
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
redraw();
