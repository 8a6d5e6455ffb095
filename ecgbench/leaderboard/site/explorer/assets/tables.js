"use strict";

// All shares as tables: exact, and legible where nobody sees the pictures.

ecgbenchExplorer.tables = (() => {
  const { element, percent } = ecgbenchExplorer.sheet;
  const exact = (share) => (share === null ? "-" : `${(100 * share).toFixed(1)} %`);

  function heading(text, scope) {
    const cell = element("th", "", text);
    cell.scope = scope;
    return cell;
  }

  function table(caption, first, rows, columns) {
    const made = element("table");
    made.append(element("caption", "", caption));
    const head = made.createTHead().insertRow();
    head.append(heading(first, "col"), ...columns.map((column) => heading(column.title, "col")));
    const body = made.createTBody();
    rows.forEach((name, at) => {
      const row = body.insertRow();
      row.append(heading(name, "row"), ...columns.map((column) => element("td", "", exact(column.shares[at]))));
    });
    const box = element("div", "box");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", caption);
    box.append(made);
    return box;
  }

  const seconds = (place, fs) => `${(place / fs).toFixed(2)} s`;

  function show(place, sheets, entry, found) {
    const shown = sheets.filter((sheet) => sheet.shares);
    const beats = found.beats.map((beat) => `${beat.name} at ${seconds(beat.place, entry.fs)}`);
    const column = (part) => shown.map(({ title, shares }) => ({ title, shares: shares[part] }));
    const tables = [];
    if (beats.length) tables.push(table("Share of a map's positive part by beat", "beat", beats, column("beats")));
    if (entry.leads.length > 1) tables.push(table("Share of a map's positive part by lead", "lead", entry.leads, column("leads")));
    place.replaceChildren(...(shown.length ? tables : []));
    return tables.length > 0 && shown.length > 0;
  }

  return { show, percent };
})();
