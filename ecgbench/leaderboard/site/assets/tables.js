"use strict";

// Tables sort by a click on a header (ascending, descending, as they were), and long ones can be filtered.

const LONG = 8;
const NUMBER = /^\[*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?![\w@])/i;
const NO_VALUE = /^\[*(-|undefined\b.*)?\]*$/;
const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
const SIGN = { none: "↕", ascending: "▲", descending: "▼" };

function textOf(cell) {
  const copy = cell.cloneNode(true);
  for (const line of copy.querySelectorAll("br")) line.replaceWith(" ");
  return copy.textContent.replace(/\s+/g, " ").trim();
}

// The first line of a cell says whether it has a value.
function valueOf(cell) {
  if (cell.dataset.value !== undefined) return cell.dataset.value;
  const copy = cell.cloneNode(true);
  const line = copy.querySelector("br");
  if (line) while (line.nextSibling) line.nextSibling.remove();
  return textOf(copy);
}

// Numbers where every value of the column begins with one, texts otherwise; null is no value.
function keysOf(rows, column) {
  const texts = rows.map((row) => valueOf(row.cells[column]));
  const values = texts.map((text) => (NO_VALUE.test(text) ? null : text));
  const numeric = values.every((value) => value === null || NUMBER.test(value));
  return new Map(rows.map((row, i) => [row, numeric && values[i] !== null ? Number(NUMBER.exec(values[i])[1]) : values[i]]));
}

function compare(a, b) {
  return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
}

// Rows without a position stay below, and of the others those without a value.
function sorted(rows, column, order, unplaced) {
  if (order === "none") return rows;
  const keys = keysOf(rows, column);
  const direction = order === "ascending" ? 1 : -1;
  return [...rows].sort((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    const below = unplaced.has(one) - unplaced.has(other) || (a === null) - (b === null);
    return below || (a === null ? 0 : direction * compare(a, b));
  });
}

function makeSortable(table, rows) {
  const headers = [...table.tHead.rows[0].cells];
  const placed = table.classList.contains("positions");
  const unplaced = new Set(placed ? rows.filter((row) => textOf(row.cells[0]) === "-") : []);

  function show(header, order) {
    header.setAttribute("aria-sort", order);
    header.querySelector("button").textContent = SIGN[order];
  }

  function sort(column) {
    const order = NEXT[headers[column].getAttribute("aria-sort")];
    for (const header of headers) if (header.hasAttribute("aria-sort")) show(header, header === headers[column] ? order : "none");
    table.tBodies[0].append(...sorted(rows, column, order, unplaced));
  }

  headers.forEach((header, column) => {
    if (header.dataset.unsorted !== undefined) return;
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Sort by ${textOf(header) || "the first column"}`);
    header.append(button);
    show(header, "none");
    header.addEventListener("click", (event) => {
      if (!event.target.closest("a")) sort(column);
    });
  });
}

function makeFilter(box, rows) {
  const texts = new Map(rows.map((row) => [row, [...row.cells].map(textOf).join(" ").toLowerCase()]));
  const bar = document.createElement("div");
  bar.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter rows";
  input.setAttribute("aria-label", `Filter rows, ${box.getAttribute("aria-label")}`);
  const count = document.createElement("output");

  function filter() {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  }

  input.addEventListener("input", filter);
  bar.append(input, count);
  box.before(bar);
  filter();
}

// The tables of a part of the page; views.js calls it for what is loaded later.
function makeTables(part) {
  for (const box of part.querySelectorAll(".box")) {
    const table = box.querySelector("table");
    const rows = table.tBodies.length ? [...table.tBodies[0].rows] : [];
    if (rows.length > 1) makeSortable(table, rows);
    if (rows.length > LONG && !box.classList.contains("plain")) makeFilter(box, rows);
  }
}

makeTables(document);
