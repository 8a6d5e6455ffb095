"use strict";
/* An ECG on standard paper, 25 mm/s and 10 mm/mV, with a map as colour behind it and marks of regions over it. */

const SPEED = 25, GAIN = 10, SQUARE = 5, PULSE = 7, LARGEST = 6, SEVERAL = 4, LEAST = 2.6, NARROW = 3, FULL = 127, BELOW = 300, BESIDE = 175, GAP = 1;

const unpacked = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

class Paper {
  constructor(canvas) {
    this.canvas = canvas;
    this.regions = [];
    this.cursor = null;
  }

  /** Take a trial's ECG and map. */
  show(trial) {
    this.fs = trial.fs;
    this.leads = trial.leads;
    const all = new Int16Array(unpacked(trial.signal));
    this.time = all.length / trial.leads.length;
    this.signal = trial.leads.map((_, lead) => all.subarray(lead * this.time, (lead + 1) * this.time));
    const levels = trial.map ? new Int8Array(unpacked(trial.map)) : null;
    this.levels = levels && trial.leads.map((_, lead) => levels.subarray(lead * this.time, (lead + 1) * this.time));
    this.regions = [];
    this.cursor = null;
    this.draw();
  }

  /** Where each strip stands: leads below each other, again for each stretch of time where a line is too narrow for all of it. */
  arrange(width) {
    const seconds = this.time / this.fs, whole = seconds * SPEED + PULSE;
    this.mm = Math.min(this.leads.length > 1 ? SEVERAL : LARGEST, width / whole);
    if (this.mm >= LEAST) this.mm = Math.max(LEAST, Math.min(this.mm, this.room() / sum(this.heights())));
    let of = seconds;
    if (this.mm < LEAST) {
      this.mm = NARROW;
      of = Math.max(1, Math.floor((width / this.mm - PULSE) / SQUARE) * SQUARE / SPEED);
    }
    const heights = this.heights();
    this.strips = [];
    let top = 0;
    for (let from = 0; from < seconds - 1e-6; from += of) {
      if (from > 0 && this.leads.length > 1) top += SQUARE;
      this.leads.forEach((name, lead) => {
        const [low, high] = extent(this.signal[lead]), height = heights[lead];
        const samples = [Math.round(from * this.fs), Math.min(this.time, Math.round((from + of) * this.fs))];
        this.strips.push({ lead, name, from: samples[0], to: samples[1], top: top * this.mm, height: height * this.mm, middle: (low + high) / 2 });
        top += height + GAP;
      });
    }
    this.width = (Math.min(of, seconds) * SPEED + PULSE) * this.mm;
    this.height = top * this.mm;
  }

  /** Millimetres of each lead's strip: whole squares that hold its signal. */
  heights() {
    const least = this.leads.length > 1 ? 3 * SQUARE : 4 * SQUARE;
    return this.signal.map((values) => {
      const [low, high] = extent(values);
      return Math.min(10 * SQUARE, Math.max(least, Math.ceil((high - low) * GAIN / SQUARE + 0.5) * SQUARE));
    });
  }

  /** Pixels of height in which all leads are seen at once, with the questions below or beside them. */
  room() {
    const beside = this.leads.length > 1 && window.matchMedia("(min-width: 64rem)").matches;
    return Math.max(BELOW, window.innerHeight - (beside ? BESIDE : BELOW));
  }

  /** Samples are so many pixels wide. */
  get step() { return SPEED / this.fs * this.mm; }

  x(strip, sample) { return PULSE * this.mm + (sample - strip.from) * this.step; }

  y(strip, millivolts) { return strip.top + strip.height / 2 - (millivolts - strip.middle) * GAIN * this.mm; }

  /** Lead and sample below a place on the canvas; what lies between strips belongs to the next one. */
  at(x, y) {
    const strip = this.strips.find((one) => y < one.top + one.height) || this.strips[this.strips.length - 1];
    const sample = strip.from + Math.round((x - PULSE * this.mm) / this.step);
    return { lead: strip.lead, strip, sample: Math.min(strip.to, Math.max(strip.from, sample)) };
  }

  draw() {
    this.arrange(this.canvas.parentElement.clientWidth);
    const ratio = window.devicePixelRatio || 1, style = getComputedStyle(document.documentElement);
    this.colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    for (const strip of this.strips) {
      pen.save();
      pen.beginPath();
      pen.rect(0, strip.top, this.width, strip.height);
      pen.clip();
      pen.fillStyle = this.colour("paper");
      pen.fillRect(0, strip.top, this.width, strip.height);
      if (this.levels) this.drawMap(pen, strip);
      this.drawGrid(pen, strip);
      this.drawRegions(pen, strip);
      this.drawSignal(pen, strip);
      pen.restore();
    }
  }

  /** Of each pixel the strongest sample, so that narrow peaks are not lost. */
  drawMap(pen, strip) {
    const values = this.levels[strip.lead], begin = Math.floor(this.x(strip, strip.from)), end = Math.ceil(this.x(strip, strip.to));
    for (let x = begin; x < end; x += 1) {
      const from = strip.from + (x - begin) / this.step;
      const last = Math.min(strip.to, Math.max(Math.floor(from) + 1, Math.floor(from + 1 / this.step)));
      let level = 0;
      for (let i = Math.floor(from); i < last; i += 1) if (Math.abs(values[i]) > Math.abs(level)) level = values[i];
      if (level === 0) continue;
      pen.globalAlpha = Math.min(1, Math.abs(level) / FULL) * 0.85;
      pen.fillStyle = this.colour(level > 0 ? "for" : "against");
      pen.fillRect(x, strip.top, 1, strip.height);
    }
    pen.globalAlpha = 1;
  }

  drawGrid(pen, strip) {
    pen.strokeStyle = this.colour("grid");
    for (const [every, width, alpha] of [[1, 0.5, 0.45], [SQUARE, 1, 0.9]]) {
      pen.lineWidth = width;
      pen.globalAlpha = alpha;
      pen.beginPath();
      for (let x = (PULSE % SQUARE) * this.mm; x <= this.width; x += every * this.mm) { pen.moveTo(x, strip.top); pen.lineTo(x, strip.top + strip.height); }
      for (let y = strip.top; y <= strip.top + strip.height + 0.1; y += every * this.mm) { pen.moveTo(0, y); pen.lineTo(this.width, y); }
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  drawRegions(pen, strip) {
    const begun = this.cursor && this.cursor.begun !== null ? [[this.cursor.lead, ...ordered(this.cursor.begun, this.cursor.sample)]] : [];
    pen.fillStyle = this.colour("mark");
    for (const [lead, onset, offset] of [...this.regions, ...begun]) {
      if (lead !== strip.lead || offset <= strip.from || onset >= strip.to) continue;
      const left = this.x(strip, Math.max(onset, strip.from)), right = this.x(strip, Math.min(offset, strip.to));
      pen.globalAlpha = 0.22;
      pen.fillRect(left, strip.top, right - left, strip.height);
      pen.globalAlpha = 1;
      pen.fillRect(left, strip.top, right - left, 3);
      pen.fillRect(left, strip.top + strip.height - 3, right - left, 3);
    }
    if (this.cursor && this.cursor.lead === strip.lead && this.cursor.sample >= strip.from && this.cursor.sample <= strip.to) {
      pen.fillRect(this.x(strip, this.cursor.sample) - 1, strip.top, 2, strip.height);
    }
  }

  drawSignal(pen, strip) {
    const values = this.signal[strip.lead];
    pen.strokeStyle = pen.fillStyle = this.colour("ink");
    pen.lineWidth = 1.3;
    pen.lineJoin = "round";
    pen.beginPath();
    for (let i = strip.from; i < strip.to; i += 1) pen.lineTo(this.x(strip, i), this.y(strip, values[i] / 1000));
    pen.stroke();
    if (strip.from === 0) this.drawPulse(pen, strip);
    pen.font = `600 ${Math.min(14, Math.max(11, 3 * this.mm))}px system-ui, sans-serif`;
    pen.textBaseline = "bottom";
    pen.lineWidth = 3;
    pen.strokeStyle = this.colour("paper");
    const place = [(PULSE + 0.6) * this.mm, strip.top + strip.height - 2];
    pen.strokeText(strip.name, ...place);
    pen.fillText(strip.name, ...place);
  }

  /** One millivolt for 0.2 s. */
  drawPulse(pen, strip) {
    const foot = strip.top + strip.height / 2 + GAIN / 2 * this.mm, head = foot - GAIN * this.mm;
    pen.beginPath();
    for (const [mm, y] of [[0.5, foot], [1, foot], [1, head], [6, head], [6, foot], [6.5, foot]]) pen.lineTo(mm * this.mm, y);
    pen.stroke();
  }
}

/** Lowest and highest value in millivolts. */
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
  return [low / 1000, high / 1000];
}

const sum = (values) => values.reduce((total, value) => total + value + GAP, 0);

const ordered = (a, b) => (a < b ? [a, b] : [b, a]);
