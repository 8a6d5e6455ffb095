"use strict";

// What is shown, as the part of the address behind "#": whoever opens the link sees the same.

ecgbenchExplorer.state = (() => {
  const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12];
  const VALUES = ["ranked", "signed", "absolute"]; // of a map; ranked: those by which its method has its place
  const LAYOUTS = ["sheet", "stacked"];

  const inside = (value, low, high) => Math.min(high, Math.max(low, value));

  // A whole number within limits, or the usual one.
  function whole(text, low, high, usual) {
    const number = Number.parseInt(text ?? "", 10);
    return Number.isNaN(number) ? usual : inside(number, low, high);
  }

  function entryOf(entries, dataset, model) {
    const same = entries.filter((entry) => entry.dataset === dataset);
    return same.find((entry) => entry.model === model) ?? same[0] ?? entries[0];
  }

  function chosenOf(text, all, usual) {
    if (text === null) return [...usual];
    const wanted = new Set(text.split(","));
    return all.filter((name) => wanted.has(name));
  }

  function leadsOf(text, entry) {
    const all = entry.leads.map((_, lead) => lead);
    const found = chosenOf(text, all.map(String), all.map(String)).map(Number);
    return found.length ? found : all;
  }

  // The state that an address says; what it doesn't say, or says wrongly, is as usual.
  function read(hash, entries) {
    const said = new URLSearchParams(hash.replace(/^#/, ""));
    const entry = entryOf(entries, said.get("dataset"), said.get("model"));
    const from = Number.parseFloat(said.get("from") ?? "0");
    return {
      entry,
      window: whole(said.get("window"), 1, entry.windows.length, 1) - 1,
      maps: chosenOf(said.get("maps"), entry.sources.map((source) => source.key), entry.first),
      values: VALUES.includes(said.get("values")) ? said.get("values") : VALUES[0],
      zoom: ZOOMS.includes(Number(said.get("zoom"))) ? Number(said.get("zoom")) : 1,
      from: Number.isFinite(from) ? Math.max(0, from) : 0,
      layout: LAYOUTS.includes(said.get("layout")) ? said.get("layout") : LAYOUTS[0],
      leads: leadsOf(said.get("leads"), entry),
      blind: whole(said.get("blind"), 0, 99999, 0),
      revealed: said.has("revealed"),
    };
  }

  function write(state) {
    const said = new URLSearchParams({ dataset: state.entry.dataset, model: state.entry.model, window: state.window + 1 });
    said.set("maps", state.maps.join(","));
    if (state.values !== VALUES[0]) said.set("values", state.values);
    if (state.zoom !== 1) said.set("zoom", state.zoom);
    if (state.from > 0) said.set("from", state.from.toFixed(2));
    if (state.layout !== LAYOUTS[0]) said.set("layout", state.layout);
    if (state.leads.length !== state.entry.leads.length) said.set("leads", state.leads.join(","));
    if (state.blind) said.set("blind", state.blind);
    if (state.blind && state.revealed) said.set("revealed", "");
    return `#${String(said).replaceAll("%2C", ",")}`;
  }

  // The same numbers between 0 and 1 for the same seed (mulberry32).
  function generator(seed) {
    let value = seed >>> 0;
    return () => {
      value = (value + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(value ^ (value >>> 15), value | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  // The maps in the order in which they stand: of a blinded window one that its number and the link's seed decide.
  function order(state) {
    if (!state.blind) return state.maps;
    const next = generator(state.blind * 1009 + state.window);
    const keys = state.maps.map((key) => [next(), key]);
    return keys.sort((one, other) => one[0] - other[0]).map(([, key]) => key);
  }

  // Whether a map's absolute values are shown.
  function isAbsolute(state, key) {
    const source = state.entry.sources.find((one) => one.key === key);
    return state.values === "ranked" ? source.absolute : state.values === "absolute";
  }

  const hidden = (state) => state.blind > 0 && !state.revealed;

  // A state of other data with as much of this one as fits.
  function moved(state, entry) {
    const keys = new Set(entry.sources.map((source) => source.key));
    const kept = state.maps.filter((key) => keys.has(key));
    const same = entry.leads.length === state.entry.leads.length;
    return {
      ...state,
      entry,
      maps: kept.length ? kept : [...entry.first],
      window: inside(state.window, 0, entry.windows.length - 1),
      leads: same ? state.leads : entry.leads.map((_, lead) => lead),
      revealed: false,
    };
  }

  return { ZOOMS, read, write, order, isAbsolute, hidden, moved };
})();
