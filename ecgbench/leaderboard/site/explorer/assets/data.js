"use strict";

// Windows with their maps: each lies in a script of its own, which is loaded when it is first shown.

const ecgbenchExplorer = {};

ecgbenchExplorer.data = (() => {
  const packed = new Map(); // deflated windows by their files
  const promised = new Map();
  let listed = [];

  // What JSON says that was deflated and written as base64.
  async function inflated(text) {
    if (!window.DecompressionStream) throw new Error("expected a browser of 2023 or later, got an older one; update it.");
    const deflated = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }

  async function unpacked(file) {
    const content = await inflated(packed.get(file));
    const { scale, steps } = content.signal;
    return { ...content, signal: steps.map((lead) => Float32Array.from(lead, (step) => step * scale)) };
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
