"use strict";

// ECG paper on a canvas: the map's colours, the lines of the paper over them, and the ECG on top. Lengths are in millimetres of the paper
// until they are drawn.

ecgbenchExplorer.paper = (() => {
  const SPEED = 25; // millimetres a second
  const SQUARE = 5;
  const GAP = 2; // above a row, where the marks stand
  const PULSE = 10; // before the signal, for the calibration pulse
  const LEAST_PX = 2.2; // pixels between two thin lines
  const FULL = 50; // level of the full colour
  const OPACITY = 0.85;

  function theme(element) {
    const style = getComputedStyle(element);
    const names = ["paper", "thin", "thick", "ink", "quiet", "for", "against"];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }

  // Red, green and blue of a colour "#rrggbb".
  function channels(colour) {
    return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  }

  // A lead's map as a picture with a pixel a column.
  function pictureOf(levels, absolute, warm, cool) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [levels.length, 1];
    const context = canvas.getContext("2d");
    const image = context.createImageData(levels.length, 1);
    levels.forEach((level, column) => {
      image.data.set(level > 0 || absolute ? warm : cool, 4 * column);
      image.data[4 * column + 3] = 255 * OPACITY * Math.min(1, Math.abs(level) / FULL);
    });
    context.putImageData(image, 0, 0);
    return canvas;
  }

  // A picture of each lead, apart from each other: a picture that is stretched takes in what lies beside it.
  function pictures(map, absolute, colours) {
    const [warm, cool] = [channels(colours.for), channels(colours.against)];
    return map.levels.map((levels) => pictureOf(levels, absolute, warm, cool));
  }

  // Sizes of a sheet in pixels; `view` says which seconds are shown, how wide a millimetre is and how much time is stretched.
  function measure(arranged, view) {
    let top = 0;
    const rows = arranged.rows.map((row) => {
      const placed = { ...row, top: (top + GAP) * view.mm, tall: row.height * view.mm };
      top += GAP + row.height;
      return placed;
    });
    return { rows, gain: arranged.gain * view.mm, left: PULSE * view.mm, width: view.width, tall: top * view.mm };
  }

  const toX = (sizes, view, seconds) => sizes.left + (seconds - view.from) * SPEED * view.mm * view.zoom;

  function lines(context, row, step, vertical, colour, view, sizes) {
    context.strokeStyle = colour;
    context.lineWidth = step === SQUARE ? 0.9 : 0.5;
    context.beginPath();
    const apart = (step / SPEED) * (SPEED * view.mm * view.zoom);
    const first = Math.ceil((view.from * SPEED) / step - sizes.left / apart) * step;
    for (let x = toX(sizes, view, first / SPEED); vertical && x <= sizes.width; x += apart) {
      context.moveTo(x, row.top);
      context.lineTo(x, row.top + row.tall);
    }
    for (let y = row.top; !vertical && y <= row.top + row.tall + 0.01; y += step * view.mm) {
      context.moveTo(0, y);
      context.lineTo(sizes.width, y);
    }
    context.stroke();
  }

  function rule(context, row, view, sizes, colours) {
    for (const vertical of [true, false]) {
      if (view.mm * (vertical ? view.zoom : 1) >= LEAST_PX) lines(context, row, 1, vertical, colours.thin, view, sizes);
      lines(context, row, SQUARE, vertical, colours.thick, view, sizes);
    }
  }

  const toY = (row, sizes) => (value) => row.top + row.tall / 2 - (value - (row.high + row.low) / 2) * sizes.gain;

  function pulse(context, row, view, sizes, colours) {
    const y = toY(row, sizes);
    const foot = Math.max(row.low, -0.5);
    const points = [[1.5, 0], [3, 0], [3, 1], [8, 1], [8, 0], [9.5, 0]];
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.2;
    context.beginPath();
    for (const [x, level] of points) context.lineTo(x * view.mm, y(foot + level));
    context.stroke();
  }

  // Samples that the line passes: of those that fall on a pixel the lowest and the highest, in their order.
  function passed(signal, first, last, most) {
    const size = Math.max(1, Math.floor((last - first) / most));
    if (size < 3) return Array.from({ length: last - first }, (_, at) => first + at);
    const kept = [];
    for (let at = first; at < last; at += size) {
      let [low, high] = [at, at];
      for (let next = at; next < Math.min(at + size, last); next += 1) {
        if (signal[next] < signal[low]) low = next;
        if (signal[next] > signal[high]) high = next;
      }
      kept.push(Math.min(low, high), Math.max(low, high));
    }
    return kept;
  }

  function trace(context, row, one, signal, view, sizes, colours, fs) {
    const y = toY(row, sizes);
    const first = Math.max(one.start, Math.floor(view.from * fs) - 1);
    const last = Math.min(one.stop, Math.ceil((view.from + view.seconds) * fs) + 2);
    const pixels = ((last - first) / fs) * SPEED * view.mm * view.zoom;
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.1;
    context.lineJoin = "bevel";
    context.beginPath();
    for (const at of passed(signal[one.lead], first, last, pixels)) {
      context.lineTo(toX(sizes, view, at / fs), y(signal[one.lead][at] - one.centre));
    }
    context.stroke();
  }

  function colour(context, row, one, painted, view, sizes, fs) {
    const image = painted.images[one.lead];
    const columns = [one.start / painted.step, Math.min(one.stop / painted.step, image.width)];
    const [from, to] = columns.map((column) => toX(sizes, view, (column * painted.step) / fs));
    context.imageSmoothingEnabled = to - from < columns[1] - columns[0];
    context.drawImage(image, columns[0], 0, columns[1] - columns[0], 1, from, row.top, to - from, row.tall);
  }

  function marks(context, row, one, runs, view, sizes, colours, fs) {
    context.fillStyle = colours.ink;
    for (const [lead, onset, offset] of runs) {
      const [start, stop] = [Math.max(onset, one.start), Math.min(offset, one.stop)];
      if (lead !== one.lead || start >= stop) continue;
      const from = toX(sizes, view, start / fs);
      context.fillRect(from, row.top - 3, toX(sizes, view, stop / fs) - from, 2);
    }
  }

  function name(context, row, one, view, sizes, colours, fs) {
    const at = Math.max(sizes.left, toX(sizes, view, one.start / fs)) + 4;
    if (one.name === "" || at > toX(sizes, view, one.stop / fs)) return;
    context.font = "600 12px system-ui, sans-serif";
    context.fillStyle = colours.paper;
    context.globalAlpha = 0.75;
    context.fillRect(at - 2, row.top + 2, context.measureText(one.name).width + 4, 15);
    context.globalAlpha = 1;
    context.fillStyle = colours.ink;
    context.fillText(one.name, at, row.top + 14);
  }

  function border(context, row, one, view, sizes, colours, fs) {
    if (one.start === 0) return;
    context.strokeStyle = colours.ink;
    context.lineWidth = 0.8;
    context.setLineDash([2, 2]);
    context.beginPath();
    const x = toX(sizes, view, one.start / fs);
    context.moveTo(x, row.top);
    context.lineTo(x, row.top + row.tall);
    context.stroke();
    context.setLineDash([]);
  }

  // Paint what lies behind the pulse's place: signals that are moved to the left end there.
  function clipped(context, sizes, paint) {
    context.save();
    context.beginPath();
    context.rect(sizes.left, 0, sizes.width - sizes.left, sizes.tall);
    context.clip();
    paint();
    context.restore();
  }

  function sized(canvas, sizes) {
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.round(sizes.width * density);
    canvas.height = Math.round(sizes.tall * density);
    const context = canvas.getContext("2d");
    context.scale(density, density);
    return context;
  }

  // What is the same on all sheets, drawn once: the lines of the paper and the ECG, on nothing.
  function sheetOf(content, view, colours) {
    const { arranged, found, fs, unit } = content;
    const sizes = measure(arranged, view);
    const canvas = document.createElement("canvas");
    const context = sized(canvas, sizes);
    for (const row of sizes.rows) {
      rule(context, row, view, sizes, colours);
      if (unit === "mV") pulse(context, row, view, sizes, colours);
      clipped(context, sizes, () => row.segments.forEach((one) => {
        trace(context, row, one, found.signal, view, sizes, colours, fs);
        marks(context, row, one, found.marks, view, sizes, colours, fs);
        border(context, row, one, view, sizes, colours, fs);
        name(context, row, one, view, sizes, colours, fs);
      }));
    }
    return { canvas, sizes };
  }

  // Draw a sheet with a map, or without one where `painted` is null.
  function draw(canvas, sheet, painted, fs, view, colours) {
    const { sizes } = sheet;
    const context = sized(canvas, sizes);
    canvas.style.width = `${sizes.width}px`;
    canvas.style.height = `${sizes.tall}px`;
    for (const row of sizes.rows) {
      context.fillStyle = colours.paper;
      context.fillRect(0, row.top, sizes.width, row.tall);
      if (painted) clipped(context, sizes, () => row.segments.forEach((one) => colour(context, row, one, painted, view, sizes, fs)));
    }
    context.drawImage(sheet.canvas, 0, 0, sizes.width, sizes.tall);
  }

  return { SPEED, PULSE, theme, pictures, sheetOf, draw, toX };
})();
