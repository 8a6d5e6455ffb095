"use strict";

// Windows with their maps: each lies in a script of its own, which is loaded when it is first shown.

const ecgbenchExplorer = {};

ecgbenchExplorer.data = (() => {
  const held = new Map();
  const waiting = new Map();
  let listed = [];

  function bytes(text) {
    const binary = atob(text);
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  }

  // A list of leads, each a list of numbers.
  function leadsOf(values, length) {
    return Array.from({ length: values.length / length }, (_, lead) => values.subarray(lead * length, (lead + 1) * length));
  }

  function decoded(content) {
    const { time, signal, maps } = content;
    const levels = new Int16Array(bytes(signal.data).buffer);
    const decodedMaps = {};
    for (const [key, map] of Object.entries(maps)) {
      decodedMaps[key] = { ...map, data: leadsOf(new Int8Array(bytes(map.data).buffer), map.columns) };
    }
    return { ...content, signal: leadsOf(Float32Array.from(levels, (level) => level * signal.scale), time), maps: decodedMaps };
  }

  function put(file, content) {
    held.set(file, decoded(content));
  }

  function loaded(folder, file) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = folder + file.split("/").map(encodeURIComponent).join("/");
      script.addEventListener("load", () => resolve(held.get(file)));
      script.addEventListener("error", () => reject(new Error(`expected ${script.src}, got nothing; build the site again.`)));
      document.head.append(script);
    });
  }

  // The window in a file; a promise.
  function get(folder, file) {
    if (held.has(file)) return Promise.resolve(held.get(file));
    if (!waiting.has(file)) waiting.set(file, loaded(folder, file));
    return waiting.get(file);
  }

  return { catalogue: (entries) => { listed = entries; }, entries: () => listed, put, get };
})();
