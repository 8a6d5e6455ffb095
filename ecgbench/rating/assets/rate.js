"use strict";
/* One trial after the other: the region that the rater would use, or two questions on a map. */

const WORDS = {
  feature: ["not at all", "hardly", "partly", "mostly", "exactly"],
  misleading: ["not at all", "hardly", "somewhat", "rather", "badly"],
};
const QUESTIONS = Object.keys(WORDS), NUDGE = 0.02, JUMP = 0.2, SHORTEST = 0.02;
const part = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token");
let who = token, trial = null, shownAt = 0, sending = false, drag = null;
const paper = new Paper(part("paper"));

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { Authorization: `Bearer ${who}`, ...options.headers } }).catch(() => {
    throw new Error("The server does not answer. Your earlier answers are kept; try again once it runs.");
  });
  if (response.status === 403) throw new Error("This study needs the link that you were given, with its token; open that one.");
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(said.error || `expected an answer of the server, got status ${response.status}; load the page again.`);
  return said;
}

function tell(error) {
  part("said").textContent = error ? error.message : "";
  part("said").hidden = !error;
}

async function begin() {
  if (who === null) who = new URLSearchParams(location.hash.slice(1)).get("rater");
  if (who !== null) return load();
  const raters = await ask("api/raters");
  for (const rater of raters) {
    const item = document.createElement("li"), button = document.createElement("button"), count = document.createElement("small");
    button.textContent = rater.name;
    count.textContent = `${rater.answered} of ${rater.total}`;
    button.append(count);
    button.addEventListener("click", () => { location.hash = `rater=${rater.rater}`; location.reload(); });
    item.append(button);
    part("names").querySelector("ul").append(item);
  }
  part("names").hidden = false;
}

async function load(position) {
  trial = await ask(position === undefined ? "api/trial" : `api/trial?position=${position}`);
  tell(null);
  part("who").textContent = trial.name;
  part("counts").textContent = `${trial.answered} of ${trial.total}`;
  part("bar").max = trial.total;
  part("bar").value = trial.answered;
  part("progress").hidden = false;
  part("done").hidden = !trial.done;
  part("trial").hidden = trial.done;
  if (trial.done) part("done").querySelector("h1").focus();
  else present();
  Object.assign(document.body.dataset, { kind: trial.kind || "done", position: trial.done ? trial.total : trial.position });
}

function present() {
  const marking = trial.kind === "region", heading = part("trial").querySelector("h1");
  heading.textContent = marking ? `Where would you look for ${trial.diagnosis}?` : `The network says ${trial.diagnosis}. Does the colour point at it?`;
  part("task").textContent = marking
    ? "Drag over every part of the ECG that you would use; click on a mark to remove it. If there is none, go on."
    : "Colour shows what is said to have led to the answer: the stronger, the more.";
  for (const one of document.querySelectorAll(".diagnosis")) one.textContent = trial.diagnosis;
  for (const name of ["for", "against"]) part("legend").querySelector(`.${name}`).hidden = marking;
  part("legend").querySelector(".mark").hidden = part("clear").hidden = !marking;
  part("questions").hidden = marking;
  part("back").disabled = trial.position === 0;
  document.body.classList.toggle("several", trial.leads.length > 1);
  part("paper").classList.toggle("marking", marking);
  part("paper").tabIndex = marking ? 0 : -1;
  part("paper").setAttribute("role", marking ? "application" : "img");
  part("paper").setAttribute("aria-label", `ECG of ${trial.leads.length} leads${marking ? ": arrows move, space begins and ends a mark" : " with a map in colour"}`);
  keys(marking ? [["←→", "move"], ["↑↓", "lead"], ["space", "begin, end a mark"], ["del", "remove"], ["enter", "next"]] : [["1", "to"], ["5", "answer"], ["enter", "next"], ["⌫", "back"]]);
  paper.show(trial);
  paper.regions = (trial.earlier.regions || []).map((region) => [...region]);
  paper.draw();
  for (const name of QUESTIONS) for (const input of inputs(name)) input.checked = Number(input.value) === trial.earlier[name];
  activate();
  shownAt = performance.now();
  (marking ? part("paper") : heading).focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function keys(pairs) {
  part("keys").replaceChildren(...pairs.flatMap(([key, text]) => {
    const shown = document.createElement("kbd");
    shown.textContent = key;
    return [shown, ` ${text} `];
  }));
}

const inputs = (name) => document.querySelectorAll(`input[name=${name}]`);
const chosen = (name) => [...inputs(name)].find((input) => input.checked);

/** The question that number keys answer: the first without an answer. */
function activate() {
  const open = QUESTIONS.find((name) => !chosen(name));
  for (const set of document.querySelectorAll("fieldset")) set.classList.toggle("active", set.dataset.name === open);
  return open;
}

async function send() {
  if (sending || !trial || trial.done) return;
  const answer = { position: trial.position, seconds: (performance.now() - shownAt) / 1000 };
  if (trial.kind === "region") answer.regions = paper.regions;
  else {
    if (activate()) return tell(new Error("Answer both questions, from 1 to 5."));
    for (const name of QUESTIONS) answer[name] = Number(chosen(name).value);
  }
  sending = true;
  try {
    await ask("api/answer", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(answer) });
    await load();
  } finally {
    sending = false;
  }
}

const attempt = (action) => (...values) => action(...values)?.catch?.(tell);

/* Marks */

function add(lead, a, b) {
  const [onset, offset] = ordered(a, b);
  if (offset - onset < SHORTEST * paper.fs) return;
  const touching = paper.regions.filter(([of, from, to]) => of === lead && from <= offset && to >= onset);
  paper.regions = paper.regions.filter((region) => !touching.includes(region));
  paper.regions.push([lead, Math.min(onset, ...touching.map((one) => one[1])), Math.max(offset, ...touching.map((one) => one[2]))]);
}

const place = (event) => paper.at(event.offsetX, event.offsetY);

part("paper").addEventListener("pointerdown", (event) => {
  if (trial.kind !== "region" || event.button !== 0) return;
  const { lead, sample } = place(event);
  drag = { lead, sample, top: event.offsetY };
  paper.cursor = { lead, sample, begun: sample };
  part("paper").setPointerCapture(event.pointerId);
});
part("paper").addEventListener("pointermove", (event) => {
  if (!drag) return;
  paper.cursor.sample = paper.at(event.offsetX, drag.top).sample;
  paper.draw();
});
part("paper").addEventListener("pointerup", (event) => {
  if (!drag) return;
  const { sample } = paper.at(event.offsetX, drag.top);
  if (Math.abs(sample - drag.sample) < SHORTEST * paper.fs) {
    paper.regions = paper.regions.filter(([lead, from, to]) => lead !== drag.lead || sample < from || sample >= to);
  } else add(drag.lead, drag.sample, sample);
  drag = paper.cursor = null;
  paper.draw();
});
part("paper").addEventListener("pointercancel", () => { drag = paper.cursor = null; paper.draw(); });
part("clear").addEventListener("click", () => { paper.regions = []; paper.draw(); });

/** Keys that mark without a pointer. */
function mark(event) {
  const cursor = paper.cursor || { lead: 0, sample: 0, begun: null };
  const step = Math.max(1, Math.round((event.shiftKey ? JUMP : NUDGE) * paper.fs));
  const along = { ArrowLeft: -step, ArrowRight: step }[event.key], lead = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (along) cursor.sample = Math.min(paper.time, Math.max(0, cursor.sample + along));
  else if (lead) Object.assign(cursor, { lead: Math.min(paper.leads.length - 1, Math.max(0, cursor.lead + lead)), begun: null });
  else if (event.key === " " && cursor.begun === null) cursor.begun = cursor.sample;
  else if (event.key === " ") { add(cursor.lead, cursor.begun, cursor.sample); cursor.begun = null; }
  else if (event.key === "Delete") paper.regions.pop();
  else return false;
  paper.cursor = cursor;
  paper.draw();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (!trial || trial.done || event.ctrlKey || event.metaKey || event.altKey) return;
  const onButton = event.target instanceof HTMLButtonElement;
  if (trial.kind === "region" && !onButton && mark(event)) return event.preventDefault();
  if (trial.kind === "map" && /^[1-5]$/.test(event.key)) {
    const focused = QUESTIONS.find((one) => one === event.target.name);
    const name = focused && !chosen(focused) ? focused : activate() || focused || QUESTIONS[QUESTIONS.length - 1];
    inputs(name)[Number(event.key) - 1].checked = true;
    if (event.target.blur) event.target.blur();
    activate();
  } else if (event.key === "Backspace") attempt(back)();
  else if (event.key === "Enter" && !onButton) attempt(send)();
  else return undefined;
  return event.preventDefault();
});

async function back() {
  if (trial.done || trial.position > 0) await load(trial.done ? trial.total - 1 : trial.position - 1);
}

for (const name of QUESTIONS) {
  const scale = document.querySelector(`[data-name=${name}] .scale`);
  WORDS[name].forEach((word, i) => {
    const label = document.createElement("label"), input = document.createElement("input"), small = document.createElement("small");
    Object.assign(input, { type: "radio", name, value: String(i + 1) });
    small.textContent = word;
    label.append(input, String(i + 1), small);
    scale.append(label);
    input.addEventListener("change", activate);
  });
}
document.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); attempt(send)(); });
part("back").addEventListener("click", attempt(back));
part("again").addEventListener("click", attempt(back));
for (const change of [matchMedia("(prefers-color-scheme: dark)"), matchMedia("print")]) change.addEventListener("change", () => trial?.signal && paper.draw());
window.addEventListener("resize", () => trial?.signal && paper.draw());
attempt(begin)();
