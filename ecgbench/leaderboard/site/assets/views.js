"use strict";

// A page that has the same table of several datasets, models and classes shows one of them at a time: the one that is chosen. The first
// stands in the page, each other one in a script of its own, which is loaded when it is first chosen.

const AXES = { dataset: "Dataset", model: "Model", class: "Class" };
const ALL = { class: "all classes" };

// The view that fits the most of what is wanted, the axes in their order.
function nearest(views, wanted) {
  let left = views;
  for (const axis of Object.keys(AXES)) {
    const fitting = left.filter((view) => view.dataset[axis] === wanted[axis]);
    if (fitting.length) left = fitting;
  }
  return left[0];
}

// What can be chosen on an axis once those before it are as in the view.
function choices(views, shown, axis) {
  const before = Object.keys(AXES).slice(0, Object.keys(AXES).indexOf(axis));
  const left = views.filter((view) => before.every((name) => view.dataset[name] === shown.dataset[name]));
  return [...new Set(left.map((view) => view.dataset[axis]))];
}

// Content by script, as the scripts hand it over.
const contents = new Map();

function putView(path, content) {
  contents.set(path, content);
}

function fill(view, content) {
  view.innerHTML = content;
  view.removeAttribute("aria-busy");
  makeTables(view);
}

// Fill a view whose content is not there yet.
function load(view) {
  const script = document.createElement("script");
  script.src = view.dataset.script;
  const path = decodeURIComponent(view.dataset.script);
  delete view.dataset.script;
  view.setAttribute("aria-busy", "true");
  script.addEventListener("load", () => fill(view, contents.get(path)));
  script.addEventListener("error", () => view.replaceChildren(`Expected ${path}, got nothing; build the site again.`));
  document.head.append(script);
}

function makeChoices(bar) {
  const views = [];
  for (let next = bar.nextElementSibling; next && next.classList.contains("view"); next = next.nextElementSibling) views.push(next);
  const selects = new Map();

  function show(wanted) {
    const shown = nearest(views, wanted);
    for (const view of views) view.hidden = view !== shown;
    if (shown.dataset.script) load(shown);
    for (const [axis, select] of selects) {
      const names = choices(views, shown, axis);
      select.replaceChildren(...names.map((name) => new Option(name || ALL[axis] || "-", name)));
      select.value = shown.dataset[axis];
      select.disabled = names.length < 2;
    }
  }

  for (const [axis, title] of Object.entries(AXES)) {
    if (views.every((view) => !view.dataset[axis])) continue;
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.addEventListener("change", () => show(Object.fromEntries([...selects].map(([name, one]) => [name, one.value]))));
    label.append(`${title} `, select);
    bar.append(label);
    selects.set(axis, select);
  }
  show(views[0].dataset);
}

for (const bar of document.querySelectorAll(".choices")) makeChoices(bar);
