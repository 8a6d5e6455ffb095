"use strict";

// Tables that sort by a click on a heading and are filtered by words. Works from the file system: no server, no module, no library.

const FILTERED_FROM = 8;
const WIDE = 60;
const DIRECTIONS = ["none", "ascending", "descending"];

/** What a cell sorts by: the first number in it, nothing ("-", "undefined"), or its text. */
function sortKey(cell) {
  const text = cell ? cell.textContent.trim() : "";
  if (text === "" || text === "-" || text.startsWith("undefined")) return null;
  const found = text.match(/^[^\p{L}]*?(-?\d+(\.\d+)?(e-?\d+)?)/u);
  return found ? Number(found[1]) : text.toLowerCase();
}

/** Order of two keys, those without a value last whatever the direction. */
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === typeof b) return sign * (a < b ? -1 : a > b ? 1 : 0);
  return typeof a === "number" ? -1 : 1;
}

/** Rows that are no method's, such as chance and controls: they stay below all others. */
function standsApart(row, table) {
  const first = table.tHead.rows[0].cells[0].textContent.trim();
  return first === "#" && row.cells[0].textContent.trim() === "-";
}

function sortBy(table, rows, column, direction) {
  const body = table.tBodies[0];
  const sign = direction === "descending" ? -1 : 1;
  const ordered = rows.map((row, place) => ({ row, place, apart: standsApart(row, table), key: sortKey(row.cells[column]) }));
  if (direction !== "none") {
    ordered.sort((a, b) => a.apart - b.apart || compare(a.key, b.key, sign) || a.place - b.place);
  }
  ordered.forEach(({ row }) => body.append(row));
}

function makeSortable(table, rows) {
  const headings = [...table.tHead.rows[0].cells];
  const turn = (heading, column) => {
    const next = DIRECTIONS[(DIRECTIONS.indexOf(heading.getAttribute("aria-sort")) + 1) % DIRECTIONS.length];
    headings.forEach((other) => other.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", next);
    sortBy(table, rows, column, next);
  };
  headings.forEach((heading, column) => {
    heading.tabIndex = 0;
    heading.title = "Sort";
    heading.setAttribute("aria-sort", "none");
    heading.addEventListener("click", (event) => event.target.closest("a") || turn(heading, column));
    heading.addEventListener("keydown", (event) => {
      if (event.target !== heading || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      turn(heading, column);
    });
  });
}

function makeFilter(box, rows) {
  const bar = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("output");
  bar.className = "filter";
  input.type = "search";
  input.placeholder = "Filter rows";
  input.setAttribute("aria-label", "Filter rows");
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    });
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  };
  input.addEventListener("input", apply);
  bar.append(input, count);
  box.before(bar);
  apply();
}

function prepare(table) {
  const rows = [...table.tBodies[0].rows];
  const box = document.createElement("div");
  box.className = "table";
  table.before(box);
  box.append(table);
  rows.forEach((row) => [...row.cells].forEach((cell) => cell.classList.toggle("long", cell.textContent.length > WIDE)));
  makeSortable(table, rows);
  if (rows.length > FILTERED_FROM) makeFilter(box, rows);
}

document.querySelectorAll("main table").forEach((table) => table.tHead && table.tBodies.length && prepare(table));
