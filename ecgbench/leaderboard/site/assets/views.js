"use strict";

// A page that holds the same table of several datasets, models and classes shows one of them at a time: the one that is chosen.

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

function makeChoices(bar) {
  const views = [];
  for (let next = bar.nextElementSibling; next && next.classList.contains("view"); next = next.nextElementSibling) views.push(next);
  const selects = new Map();

  function show(wanted) {
    const shown = nearest(views, wanted);
    for (const view of views) view.hidden = view !== shown;
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
