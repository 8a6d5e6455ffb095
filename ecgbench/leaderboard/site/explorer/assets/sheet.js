"use strict";

// One map over the ECG, with its name and shares beside it and the beats above it.

ecgbenchExplorer.sheet = (() => {
  const { paper } = ecgbenchExplorer;
  const LEAST_SHARE = 0.005; // what rounds to 0 % isn't written
  const APART = 34; // pixels between the middles of two shares that stand beside each other
  const KINDS = { method: "", control: "control: ignores the model", bound: "bound: knows the answer" };

  function element(tag, name, text = "") {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.textContent = text;
    return made;
  }

  const percent = (share) => (share === null ? "-" : `${Math.round(100 * share)} %`);

  function leadBars(shares, names) {
    const list = element("ul", "leads");
    list.setAttribute("aria-label", "Share of the map by lead");
    const most = Math.max(...shares.map((share) => share ?? 0), 0.01);
    shares.forEach((share, lead) => {
      const item = element("li");
      const bar = element("i");
      bar.style.width = `${(40 * (share ?? 0)) / most}%`;
      item.append(element("span", "", names[lead]), bar, element("b", "", percent(share)));
      list.append(item);
    });
    return list;
  }

  // How much of the window is marked: a map that says nothing has that share in it.
  function markedShare(found) {
    const marked = found.marks.reduce((sum, [, onset, offset]) => sum + offset - onset, 0);
    return marked / (found.signal.length * found.time);
  }

  function side(sheet) {
    const { title, values, kind, shares, entry, found } = sheet;
    const header = element("header");
    header.append(element("h2", "", title));
    if (values) header.append(element("p", "values", values));
    if (KINDS[kind]) header.append(element("p", "kind", KINDS[kind]));
    if (!shares) return header;
    if (shares.inside !== null) {
      const line = element("p", "inside");
      line.append(element("b", "", percent(shares.inside)), ` in ${entry.marked}, ${percent(markedShare(found))} of the window`);
      header.append(line);
    }
    if (entry.leads.length > 1) header.append(leadBars(shares.leads, entry.leads));
    return header;
  }

  function beatLabel(beat, share) {
    const label = element("span", beat.labelled ? "beat labelled" : "beat");
    label.append(element("b", "", beat.letter));
    label.title = beat.name;
    if (share !== null && share >= LEAST_SHARE) label.append(element("small", "", percent(share)));
    return label;
  }

  // What the canvas shows, for those who don't see it.
  function described(sheet) {
    const { title, shares, found } = sheet;
    if (!shares) return `${title}: ECG of ${found.signal.length} ${found.signal.length > 1 ? "leads" : "lead"}`;
    const largest = shares.beats.reduce((best, share, at) => (share > (shares.beats[best] ?? -1) ? at : best), 0);
    const where = found.beats.length && shares.beats[largest] !== null
      ? `; ${percent(shares.beats[largest])} at beat ${largest + 1} of ${found.beats.length}, ${found.beats[largest].name}`
      : "";
    return `Map of ${title} over the ECG${where}`;
  }

  // A sheet with `section`, its element, and `draw`, which shows a view of it.
  function create(sheet) {
    const { entry, found, map, absolute, shares } = sheet;
    const section = element("section", "sheet");
    section.setAttribute("aria-label", sheet.title);
    const figure = element("div", "figure");
    const beats = element("div", "beats");
    const labels = found.beats.map((beat, at) => beatLabel(beat, shares ? shares.beats[at] : null));
    beats.append(...labels);
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", described(sheet));
    figure.append(beats, canvas);
    section.append(side(sheet), figure);
    let painted = null;

    // Where two shares have no room beside each other, the larger one is written; the tables have all.
    function place(sizes, view) {
      const written = [];
      const bySize = found.beats.map((_, at) => at).sort((one, other) => (shares ? shares.beats[other] - shares.beats[one] : 0));
      for (const at of bySize) {
        const x = paper.toX(sizes, view, found.beats[at].place / entry.fs);
        labels[at].hidden = x < sizes.left || x > sizes.width;
        labels[at].style.left = `${x}px`;
        const crowded = written.some((other) => Math.abs(x - other) < APART);
        labels[at].classList.toggle("crowded", crowded);
        if (!labels[at].hidden && labels[at].querySelector("small") && !crowded) written.push(x);
      }
    }

    function draw(drawn, view, colours, repaint) {
      if (map && (!painted || repaint)) painted = { images: paper.pictures(map, absolute, colours), step: map.step };
      paper.draw(canvas, drawn, painted, entry.fs, view, colours);
      beats.style.width = `${drawn.sizes.width}px`;
      place(drawn.sizes, view);
      figure.classList.toggle("more-before", view.from > 0.001);
      figure.classList.toggle("more-behind", view.from + view.seconds < found.time / entry.fs - 0.001);
    }

    return { section, figure, draw };
  }

  return { create, element, percent };
})();
