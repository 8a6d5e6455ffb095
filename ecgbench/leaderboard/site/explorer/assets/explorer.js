"use strict";

// The explorer itself: one state, which the address holds; every change of it is shown.

(() => {
  const { data, state: states, layout, paper, sheet, tables, choices } = ecgbenchExplorer;
  const [LEAST, MOST] = [2.4, 4.6]; // pixels a millimetre
  const FEW = 2; // rows up to which the ECG alone stands above the maps
  const MOVE = 0.25; // share of what is in sight by which keys move

  const root = document.querySelector(".explorer");
  const entries = data.entries();
  if (!root || !entries.length) return;

  let state = states.read(location.hash, entries);
  let found = null;
  let arranged = null;
  let sheets = [];
  let view = null;
  let latest = 0;
  let frame = 0;

  const time = () => found.time / state.entry.fs;
  const limited = (value, low, high) => Math.min(high, Math.max(low, value));

  function change(changes) {
    state = { ...state, ...changes };
    show();
  }

  function step(by) {
    const count = state.entry.windows.length;
    change({ window: (state.window + by + count) % count, revealed: false });
  }

  function zoom(by, share = 0.5) {
    const level = limited(states.ZOOMS.indexOf(state.zoom) + by, 0, states.ZOOMS.length - 1);
    const middle = state.from + view.seconds * share;
    state = { ...state, zoom: states.ZOOMS[level] };
    view = viewOf();
    move(middle - view.seconds * share);
  }

  function move(from) {
    state = { ...state, from: limited(from, 0, Math.max(0, time() - view.seconds)) };
    drawSoon();
  }

  function blind() {
    change({ blind: state.blind ? 0 : 1 + Math.floor(Math.random() * 99998), revealed: false });
  }

  const ask = {
    change, step, zoom, move, blind,
    dataset: (name) => change(states.moved(state, entries.find((entry) => entry.dataset === name))),
    model: (name) => change(states.moved(state, entries.find((entry) => entry.dataset === state.entry.dataset && entry.model === name))),
  };
  const controls = choices.create(root, ask);
  const { part } = controls;

  // How much of the window is in sight, and how large: as much as is legible, at least of a quarter of a screen's millimetres.
  function viewOf() {
    const room = Math.floor(sheets[0].figure.clientWidth);
    const mm = limited(room / (paper.PULSE + time() * paper.SPEED), LEAST, MOST);
    const second = paper.SPEED * mm * state.zoom;
    const seconds = Math.min(time(), (room - paper.PULSE * mm) / second);
    const from = limited(state.from, 0, Math.max(0, time() - seconds));
    return { mm, zoom: state.zoom, seconds, from, width: paper.PULSE * mm + seconds * second };
  }

  function draw(repaint = false) {
    frame = 0;
    if (!sheets.length) return;
    view = viewOf();
    state = { ...state, from: view.from };
    const colours = paper.theme(root);
    const { fs, unit } = state.entry;
    const drawn = paper.sheetOf({ arranged, found, fs, unit }, view, colours);
    for (const one of sheets) one.draw(drawn, view, colours, repaint);
    controls.showView(view, arranged, unit, time());
    remember();
  }

  function drawSoon() {
    if (!frame) frame = requestAnimationFrame(() => draw());
  }

  // The address says what is shown. It is replaced, so that "back" leaves the page.
  function remember() {
    const hash = states.write(state);
    if (hash !== location.hash) history.replaceState(null, "", hash);
  }

  function described(key, at) {
    const { entry } = state;
    const hidden = states.hidden(state);
    const map = key === null ? null : found.maps[key];
    const absolute = key !== null && states.isAbsolute(state, key);
    const names = { title: key ?? "ECG", values: "", kind: key === null ? "" : entry.sources.find((source) => source.key === key).kind };
    if (absolute) names.values = "absolute values";
    if (hidden && key !== null) Object.assign(names, { title: `Map ${String.fromCharCode(65 + at)}`, values: "", kind: "" });
    const shares = map && !hidden ? map[absolute ? "absolute" : "signed"] : null;
    return { ...names, entry, found, map, shares, absolute };
  }

  function build() {
    const keys = states.order(state);
    arranged = layout.arrange(found.signal, state.entry.leads, state.entry.unit, state.layout, state.leads);
    const alone = arranged.rows.length <= FEW || !keys.length ? [described(null, 0)] : [];
    const shown = [...alone, ...keys.map(described)];
    sheets = shown.map(sheet.create);
    part.sheets.replaceChildren(...sheets.map((one) => one.section));
    part.tables.hidden = !tables.show(part.shares, shown, state.entry, found);
    part.marked.textContent = found.marks.length ? `Bars mark ${state.entry.marked}.` : "";
    part.found.textContent = found.beats.length ? `Beats: ${found.found}.` : "No beats are known.";
  }

  async function show() {
    const turn = (latest += 1);
    controls.show(state, entries);
    part.message.textContent = "";
    try {
      const got = await data.get(root.dataset.folder, state.entry.windows[state.window].file);
      if (turn !== latest) return;
      found = got;
      build();
      draw();
    } catch (error) {
      part.message.textContent = error.message;
    }
  }

  // Keys

  const typing = (target) => target.matches?.("select, textarea, input:not([type=checkbox])");

  function toggleMap(number) {
    const keys = state.entry.sources.map((source) => source.key);
    const key = keys[number - 1];
    if (key && !states.hidden(state)) change({ maps: keys.filter((one) => state.maps.includes(one) !== (one === key)) });
  }

  function pressed(event) {
    const along = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (along) return event.shiftKey ? move(state.from + along * MOVE * view.seconds) : step(along);
    if (/^[1-9]$/.test(event.key)) return toggleMap(Number(event.key));
    const act = {
      "b": blind, "a": () => change({ values: state.values === "absolute" ? "signed" : "absolute" }), "r": () => change({ revealed: true }),
      "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), "0": () => change({ zoom: 1, from: 0 }),
    }[event.key];
    return act ? act() : false;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !sheets.length) return;
    if (pressed(event) !== false) event.preventDefault();
  });

  // Wheel, dragging, and what changes around the explorer

  part.sheets.addEventListener("wheel", (event) => {
    const figure = event.target.closest(".figure");
    if (!figure || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1 : -1, limited((event.clientX - figure.getBoundingClientRect().left) / view.width, 0, 1));
  }, { passive: false });

  part.sheets.addEventListener("pointerdown", (event) => {
    const figure = event.target.closest(".figure");
    if (!figure || event.button !== 0 || view.seconds >= time()) return;
    const [start, from] = [event.clientX, state.from];
    const dragged = (moved) => move(from - (moved.clientX - start) / (paper.SPEED * view.mm * view.zoom));
    figure.setPointerCapture(event.pointerId);
    figure.addEventListener("pointermove", dragged);
    for (const end of ["pointerup", "pointercancel"]) {
      figure.addEventListener(end, () => figure.removeEventListener("pointermove", dragged), { once: true });
    }
  });

  window.addEventListener("hashchange", () => {
    if (states.write(state) === location.hash) return;
    state = states.read(location.hash, entries);
    show();
  });
  new ResizeObserver(drawSoon).observe(root);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(true));
  show();
})();
