"use strict";

// Windows with their maps: each lies in a script of its own, which is loaded when it is first shown.

const ecgbenchExplorer = {};

ecgbenchExplorer.data = (() => {
  const packed = new Map(); // deflated windows by their files
  const promised = new Map();
  let listed = [];

  // The bytes that were deflated and written as base64.
  async function inflated(text) {
    if (!window.DecompressionStream) throw new Error("expected a browser of 2023 or later, got an older one; update it.");
    const deflated = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // A window: a line of JSON, the signal's steps, and the levels of each map.
  async function unpacked(file) {
    const bytes = await inflated(packed.get(file));
    let at = bytes.indexOf("\n".charCodeAt(0)) + 1;
    const content = JSON.parse(new TextDecoder().decode(bytes.subarray(0, at)));
    const take = (Numbers, length) => {
      const start = at;
      at += length * Numbers.BYTES_PER_ELEMENT;
      return new Numbers(bytes.slice(start, at).buffer);
    };
    const leads = (Numbers, length) => Array.from({ length: content.leads }, () => take(Numbers, length));
    const signal = leads(Int16Array, content.time).map((steps) => Float32Array.from(steps, (step) => step * content.scale));
    for (const map of Object.values(content.maps)) map.levels = leads(Int8Array, map.columns);
    return { ...content, signal };
  }

  function loaded(folder, file) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = folder + file.split("/").map(encodeURIComponent).join("/");
      script.addEventListener("load", () => resolve());
      script.addEventListener("error", () => reject(new Error(`expected ${script.src}, got nothing; build the site again.`)));
      document.head.append(script);
    });
  }

  // The window in a file; a promise.
  function get(folder, file) {
    if (!promised.has(file)) {
      const there = packed.has(file) ? Promise.resolve() : loaded(folder, file);
      promised.set(file, there.then(() => unpacked(file)));
    }
    return promised.get(file);
  }

  return { catalogue: (entries) => { listed = entries; }, entries: () => listed, put: (file, text) => packed.set(file, text), get };
})();
