"use strict";

// Where leads stand on the paper, and how large: twelve as three rows of four and a rhythm strip, others below each other.

ecgbenchExplorer.layout = (() => {
  const STANDARD = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
  const COLUMNS = 4;
  const RHYTHM = "II";
  const SQUARE = 5; // millimetres
  const LEAST = 20; // height of a row, millimetres
  const MOST = 80;
  const GAINS = { "mV": [10, 5, 2.5, 1], "standard deviations": [5, 2.5, 1] }; // millimetres a unit

  // Where each standard lead is; null unless these are the twelve.
  function standardOrder(names) {
    const held = names.map((name) => name.toLowerCase());
    const order = STANDARD.map((name) => held.indexOf(name.toLowerCase()));
    return names.length === STANDARD.length && !order.includes(-1) ? order : null;
  }

  function median(values) {
    const sorted = Float32Array.from(values).sort();
    return sorted[sorted.length >> 1];
  }

  function segment(signal, lead, name, start, stop) {
    const part = signal[lead].subarray(start, stop);
    const centre = median(part);
    let [low, high] = [Infinity, -Infinity];
    for (const value of part) {
      low = Math.min(low, value - centre);
      high = Math.max(high, value - centre);
    }
    return { lead, name, start, stop, centre, low, high };
  }

  function row(segments) {
    const [low, high] = [Math.min(...segments.map((one) => one.low)), Math.max(...segments.map((one) => one.high))];
    return { segments, low, high };
  }

  function sheetRows(signal, names, order) {
    const time = signal[0].length;
    const perColumn = STANDARD.length / COLUMNS;
    const border = (column) => Math.round((column * time) / COLUMNS);
    const rows = Array.from({ length: perColumn }, (_, line) => {
      const columns = Array.from({ length: COLUMNS }, (_, column) => column);
      const lead = (column) => order[column * perColumn + line];
      return row(columns.map((column) => segment(signal, lead(column), names[lead(column)], border(column), border(column + 1))));
    });
    const rhythm = order[STANDARD.indexOf(RHYTHM)];
    return [...rows, row([segment(signal, rhythm, names[rhythm], 0, time)])];
  }

  const height = (one, gain) => Math.max(LEAST, Math.ceil(((one.high - one.low) * gain) / SQUARE + 0.5) * SQUARE);

  // Rows from the top, each with its height in millimetres, and the gain: a row that would be too high halves it for all.
  function arrange(signal, names, unit, layout, leads) {
    const order = standardOrder(names);
    const rows = order && layout === "sheet"
      ? sheetRows(signal, names, order)
      : leads.map((lead) => row([segment(signal, lead, names[lead], 0, signal[lead].length)]));
    const gains = GAINS[unit];
    const gain = gains.find((one) => rows.every((each) => height(each, one) <= MOST)) ?? gains.at(-1);
    return { rows: rows.map((one) => ({ ...one, height: height(one, gain) })), gain };
  }

  return { arrange, isStandard: (names) => standardOrder(names) !== null };
})();
