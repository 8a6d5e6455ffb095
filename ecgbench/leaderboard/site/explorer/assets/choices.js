"use strict";

// The controls above the sheets: they show a state, and tell of what is asked for.

ecgbenchExplorer.choices = (() => {
  const { element, percent } = ecgbenchExplorer.sheet;
  const { state: states, layout } = ecgbenchExplorer;
  const NUMBERED = 9;

  function fill(select, options, chosen) {
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
    select.value = chosen;
  }

  // A checkbox with a text; `changed` is told whether it is on.
  function box(text, on, changed, number = null, kind = "") {
    const label = element("label", `chip ${kind}${on ? " on" : ""}`);
    const input = element("input");
    input.type = "checkbox";
    input.checked = on;
    input.dataset.value = text;
    input.addEventListener("change", () => changed(input.checked));
    label.append(input, element("span", "", text));
    if (number !== null) {
      const key = element("kbd", "", String(number));
      key.setAttribute("aria-hidden", "true");
      label.append(key);
    }
    return label;
  }

  function create(root, ask) {
    const part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((found) => [found.dataset.part, found]));
    const on = (name, event, act) => part[name].addEventListener(event, act);
    on("dataset", "change", () => ask.dataset(part.dataset.value));
    on("model", "change", () => ask.model(part.model.value));
    on("window", "change", () => ask.change({ window: Number(part.window.value), revealed: false }));
    on("previous", "click", () => ask.step(-1));
    on("next", "click", () => ask.step(1));
    on("blind", "change", () => ask.blind());
    on("reveal", "click", () => ask.change({ revealed: true }));
    on("out", "click", () => ask.zoom(-1));
    on("in", "click", () => ask.zoom(1));
    on("whole", "click", () => ask.change({ zoom: 1, from: 0 }));
    on("from", "input", () => ask.move(Number(part.from.value)));
    on("values", "change", () => ask.change({ values: part.values.value }));
    on("layout", "change", () => ask.change({ layout: part.layout.value }));

    function toggled(list, all, value, isOn) {
      return all.filter((one) => (one === value ? isOn : list.includes(one)));
    }

    // Boxes are made anew; the one that was in use stays so.
    function boxes(fieldset, made) {
      const focused = fieldset.contains(document.activeElement) ? document.activeElement.dataset.value : null;
      fieldset.replaceChildren(fieldset.querySelector("legend"), ...made);
      if (focused !== null) [...fieldset.querySelectorAll("input")].find((input) => input.dataset.value === focused)?.focus();
    }

    function showMaps(state) {
      const keys = state.entry.sources.map((source) => source.key);
      const hidden = states.hidden(state);
      const made = hidden
        ? [element("span", "quiet", `${state.maps.length} maps in an order that chance decided; their names are hidden.`)]
        : keys.map((key, at) => box(key, state.maps.includes(key), (isOn) => ask.change({ maps: toggled(state.maps, keys, key, isOn) }),
            at < NUMBERED ? at + 1 : null, state.entry.sources[at].kind));
      boxes(part.maps, made);
    }

    function showLeads(state) {
      const standard = layout.isStandard(state.entry.leads);
      const all = state.entry.leads.map((_, lead) => lead);
      part.layouts.hidden = !standard;
      part.layout.value = state.layout;
      part.leads.hidden = all.length < 2 || (standard && state.layout === "sheet");
      boxes(part.leads, all.map((lead) => box(state.entry.leads[lead], state.leads.includes(lead), (isOn) => {
        const leads = toggled(state.leads, all, lead, isOn);
        ask.change({ leads: leads.length ? leads : all });
      })));
    }

    function showSaid(state, probabilities) {
      const { classes, windows } = state.entry;
      const label = windows[state.window].label;
      const order = classes.map((_, at) => at);
      if (order.length > 6) order.sort((one, other) => probabilities[other] - probabilities[one]);
      part.said.replaceChildren(...order.slice(0, 6).map((at) => {
        const item = element("li", classes[at] === label ? "explained" : "");
        const bar = element("i");
        bar.style.width = `${4 * probabilities[at]}rem`;
        item.append(element("b", "", classes[at]), bar, element("span", "", percent(probabilities[at])));
        return item;
      }));
    }

    function show(state, entries) {
      const { entry } = state;
      const shown = entry.windows[state.window];
      const datasets = new Map(entries.map((one) => [one.dataset, one.dataset]));
      fill(part.dataset, [...datasets], entry.dataset);
      fill(part.model, entries.filter((one) => one.dataset === entry.dataset).map((one) => [one.model, one.model]), entry.model);
      fill(part.window, entry.windows.map((one, at) => [at, `${at + 1}: ${one.label}`]), state.window);
      part.title.textContent = `${entry.title}: ${shown.title}, explained class ${shown.label}`;
      part.blind.checked = state.blind > 0;
      part.reveal.hidden = !states.hidden(state);
      part.values.value = state.values;
      showSaid(state, shown.probabilities);
      showMaps(state);
      showLeads(state);
    }

    function showView(view, arranged, unit, time) {
      const scaled = Number((25 * view.zoom).toFixed(1));
      part.speed.textContent = `${scaled} mm/s, ${arranged.gain} mm/${unit === "mV" ? "mV" : "SD"}`;
      part.place.hidden = view.seconds >= time - 0.001;
      part.from.max = Math.max(0, time - view.seconds);
      part.from.value = view.from;
      part.from.setAttribute("aria-valuetext", `${view.from.toFixed(1)} of ${time.toFixed(1)} seconds`);
      part.out.disabled = view.zoom === states.ZOOMS[0];
      part.in.disabled = view.zoom === states.ZOOMS.at(-1);
    }

    return { part, show, showView };
  }

  return { create };
})();
