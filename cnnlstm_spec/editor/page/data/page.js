"use strict";
// The page: what it is told is put into the document as text, and the picture as XML, never as HTML.
const given = JSON.parse(document.getElementById("given").textContent);
const at = (id) => document.getElementById(id);
const SVG = "image/svg+xml";
const ALL = "*";
const HEAT = "#d9480f";
const CHANGES = { added: "#2b8a3e", changed: "#b54708" };
const shadow = at("picture").attachShadow({ mode: "open" });
const place = { x: 0, y: 0, scale: 1, set: false };
let state = null;
let opened = new Set();
let variant = null;
let picked = null;
let shownFile = 0;
let hit = -1;
let asked = 0;

function element(name, text, ...classes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  made.classList.add(...classes.filter(Boolean));
  return made;
}

// What is asked of the server, or of the file itself.

async function ask(what, values) {
  const query = new URLSearchParams(values);
  const answer = await fetch(`${what}?${query}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

async function findState() {
  const number = variant === null ? null : state.variants.indexOf(variant);
  if (given === null) {
    const values = [...opened].map((name) => ["open", name]);
    if (number !== null && number >= 0) values.push(["variant", String(number)]);
    return ask("state", values);
  }
  const known = given.states.find((each) => each.variant === (number === -1 ? null : number)) || given.states[0];
  const name = opened.size === 0 ? "" : opened.size === 1 ? [...opened][0] : ALL;
  const picture = known.pictures[name] || known.pictures[ALL] || known.pictures[""];
  return { ...known, picture };
}

async function findDetails(number) {
  if (given !== null) return state.details[number];
  const values = [["node", String(number)]];
  if (state.variant !== null) values.push(["variant", String(state.variant)]);
  return ask("details", values);
}

async function draw() {
  const turn = ++asked;
  let found;
  try {
    found = await findState();
  } catch {
    at("status").textContent = "the server does not answer";
    return;
  }
  if (turn !== asked) return;
  state = found;
  if (variant !== null && state.variant === null) variant = null;
  showAll();
}

function showAll() {
  document.title = state.title;
  at("title").textContent = state.title;
  showVariants();
  showFiles();
  showFound();
  showPicture();
  const errors = state.found.filter((each) => each.severity === "error").length;
  const more = state.more ? ` · ${state.more} more variants are not listed` : "";
  at("status").textContent = (errors ? `${errors} error${errors === 1 ? "" : "s"}` : "no errors") + more;
}

function showVariants() {
  const list = at("variant");
  at("choice").hidden = state.variants.length === 0;
  list.replaceChildren(element("option", "as it is written"), ...state.variants.map((label) => element("option", label)));
  list.selectedIndex = state.variant === null ? 0 : state.variant + 1;
}

// The text.

function showFiles() {
  const list = at("file");
  shownFile = Math.min(shownFile, state.files.length - 1);
  list.replaceChildren(...state.files.map((file) => element("option", file.name)));
  list.selectedIndex = shownFile;
  showText();
}

function showText() {
  const before = at("text").scrollTop;
  const rows = state.files[shownFile].lines.map((line, index) => {
    const row = element("div", line || " ");
    row.dataset.line = String(index + 1);
    return row;
  });
  for (const each of state.found) {
    if (each.place && each.place[0] === shownFile && each.severity !== "advice") {
      const row = rows[each.place[1] - 1];
      if (row) row.classList.add(each.severity);
    }
  }
  at("text").replaceChildren(...rows);
  at("text").scrollTop = before;
  markLines(false);
}

function markLines(scrolls) {
  const rows = [...at("text").children];
  rows.forEach((row) => row.classList.remove("picked"));
  const places = picked === null ? [] : picked.places;
  let first = null;
  for (const [file, from, to] of places) {
    if (file !== shownFile) continue;
    for (let line = from; line <= to && line <= rows.length; line++) rows[line - 1].classList.add("picked");
    first = first === null ? rows[from - 1] : first;
  }
  if (scrolls && first) first.scrollIntoView({ block: "center" });
}

function showFile(number) {
  if (number === shownFile) return;
  shownFile = number;
  at("file").selectedIndex = number;
  at("text").scrollTop = 0;
  showText();
}

function showFound() {
  const rows = state.found.map((each) => {
    const row = element("details");
    const head = element("summary");
    const line = each.place ? `line ${each.place[1]}: ` : "";
    head.append(element("span", `${line}${each.message}`, each.severity));
    row.append(head, element("pre", each.text));
    row.addEventListener("toggle", () => {
      if (!row.open || !each.place) return;
      showFile(each.place[0]);
      pickLine(each.place[1]);
    });
    return row;
  });
  if (state.differences) {
    const row = element("details");
    row.open = true;
    row.append(element("summary", "Differences"), element("pre", state.differences.text));
    rows.unshift(row);
  }
  at("found").replaceChildren(...rows);
}

// The picture.

function showPicture() {
  const parsed = new DOMParser().parseFromString(state.picture.svg, SVG);
  const drawn = document.importNode(parsed.documentElement, true);
  drawn.style.transformOrigin = "0 0";
  shadow.replaceChildren(drawn);
  groups().forEach((group, number) => {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", label(state.picture.boxes[number]));
    group.style.cursor = "pointer";
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      click(number);
    });
  });
  if (!place.set) fit();
  move();
  colour();
  if (picked !== null) pickAgain();
  search(false);
}

function groups() {
  return [...shadow.querySelectorAll("g[data-box]")];
}

function label(box) {
  return [box.title, box.name, box.detail].filter(Boolean).join(" ") + (box.fold ? ", folded" : "");
}

function size() {
  const drawn = shadow.firstElementChild;
  return [Number(drawn.getAttribute("width")), Number(drawn.getAttribute("height"))];
}

function fit() {
  const [wide, high] = size();
  const room = at("picture").getBoundingClientRect();
  place.scale = Math.max(0.15, Math.min(1.2, room.width / wide, Math.max(room.height / high, 0.45)));
  place.x = Math.max(0, (room.width - wide * place.scale) / 2);
  place.y = Math.max(0, (room.height - high * place.scale) / 2);
  place.set = true;
}

function move() {
  const drawn = shadow.firstElementChild;
  if (drawn) drawn.style.transform = `translate(${place.x}px,${place.y}px) scale(${place.scale})`;
}

function zoom(factor, x, y) {
  const scale = Math.max(0.05, Math.min(8, place.scale * factor));
  place.x = x - ((x - place.x) * scale) / place.scale;
  place.y = y - ((y - place.y) * scale) / place.scale;
  place.scale = scale;
  move();
}

function zoomMiddle(factor) {
  const room = at("picture").getBoundingClientRect();
  zoom(factor, room.width / 2, room.height / 2);
}

function show(group) {
  const room = at("picture").getBoundingClientRect();
  const box = group.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2 - room.x, box.y + box.height / 2 - room.y];
  // What the details cover is not seen, unless they leave no room.
  const free = at("details").hidden ? room.width : at("details").getBoundingClientRect().x - room.x;
  const width = free > room.width / 4 ? free : room.width;
  const [across, down] = [Math.min(box.width, width) / 2, Math.min(box.height, room.height) / 2];
  if (x >= across && x <= width - across && y >= down && y <= room.height - down) return;
  place.x += width / 2 - x;
  place.y += room.height / 2 - y;
  move();
}

function cost(box, what) {
  const values = box.nodes.map((number) => state.nodes[number][what]);
  return values.includes(null) ? null : values.reduce((sum, value) => sum + value, 0);
}

function colour() {
  const what = at("colour").value;
  const boxes = state.picture.boxes;
  const costs = what === "kind" ? [] : boxes.map((box) => cost(box, what));
  const most = Math.max(1, ...costs.map((value) => value || 0));
  groups().forEach((group, number) => {
    const changed = state.differences && boxes[number].nodes.map((each) => state.differences.layers[state.nodes[each].address]);
    const sort = changed && ["added", "changed"].find((each) => changed.includes(each));
    for (const rect of group.querySelectorAll("rect.b")) {
      rect.style.fill = rect.style.stroke = "";
      rect.style.strokeWidth = sort ? "3" : "";
      if (sort) rect.style.stroke = CHANGES[sort];
      if (what === "kind" || boxes[number].message) continue;
      const value = costs[number];
      const part = value ? Math.log1p(value) / Math.log1p(most) : 0;
      rect.style.fill = value === null ? "#8884" : `color-mix(in srgb, ${HEAT} ${Math.round(part * part * 80)}%, Canvas)`;
    }
    for (const words of group.querySelectorAll("text")) words.style.fill = what === "kind" || boxes[number].message ? "" : "CanvasText";
  });
}

// What is picked.

function click(number) {
  const box = state.picture.boxes[number];
  if (box.fold) {
    opened.delete(ALL);
    if (given !== null) opened.clear();
    opened.add(box.fold);
    draw();
    return;
  }
  pick(number);
}

function key(box) {
  return box.nodes.map((number) => state.nodes[number].address).join(" ") || `${box.title} ${box.name}`;
}

function pick(number) {
  const box = state.picture.boxes[number];
  const places = box.nodes.flatMap((each) => state.nodes[each].places);
  picked = { key: key(box), number, places };
  outline();
  const shown = places.some((each) => each[0] === shownFile);
  if (!shown && places.length) showFile(places[0][0]);
  markLines(true);
  return showDetails(box);
}

async function reveal(number) {
  show(groups()[number]);
  await pick(number);
  // Its details may lie over it.
  if (picked !== null && picked.number === number) show(groups()[number]);
}

function pickAgain() {
  const number = state.picture.boxes.findIndex((box) => key(box) === picked.key);
  if (number < 0) {
    // It may come back with the next save.
    picked = { key: picked.key, number, places: [] };
    at("details").hidden = true;
    outline();
    markLines(false);
    return;
  }
  const box = state.picture.boxes[number];
  picked = { key: picked.key, number, places: box.nodes.flatMap((each) => state.nodes[each].places) };
  outline();
  markLines(false);
  showDetails(box);
}

function unpick() {
  picked = null;
  at("details").hidden = true;
  outline();
  markLines(false);
}

function outline() {
  groups().forEach((group, number) => {
    group.style.filter = picked !== null && picked.number === number ? "drop-shadow(0 0 5px #2f6fed) drop-shadow(0 0 2px #2f6fed)" : "";
  });
}

function pickLine(line) {
  const holds = ([file, from, to]) => file === shownFile && from <= line && line <= to;
  const sizes = state.picture.boxes.map((box) => {
    const spans = box.nodes.flatMap((each) => state.nodes[each].places.filter(holds).map(([, from, to]) => to - from));
    return spans.length ? Math.min(...spans) : Infinity;
  });
  const least = Math.min(...sizes);
  if (least === Infinity) {
    picked = { key: "", number: -1, places: [[shownFile, line, line]] };
    outline();
    markLines(true);
    return;
  }
  reveal(sizes.indexOf(least));
}

function table(rows) {
  const made = element("table");
  for (const [cells, look] of rows) {
    const row = element("tr", undefined, look);
    row.append(...cells.map((cell) => element("td", cell)));
    made.append(row);
  }
  return made;
}

async function showDetails(box) {
  const panel = at("details");
  const mine = picked;
  let parts = [];
  try {
    parts = await Promise.all(box.nodes.slice(0, 12).map(findDetails));
  } catch {
    parts = [];
  }
  if (picked !== mine) return;
  const shut = element("button", "×", "shut");
  shut.title = "Close";
  shut.addEventListener("click", unpick);
  const rows = [shut, element("h2", [box.title, box.name].filter(Boolean).join(" "))];
  if (box.message) rows.push(element("pre", box.message));
  for (const each of parts.filter(Boolean)) {
    if (box.nodes.length > 1 || !box.name) rows.push(element("h2", each.title));
    const costs = [["output", each.output], ["mask", each.mask || "none"]];
    rows.push(table(costs.map((cells) => [cells])));
    if (each.arithmetic.length) rows.push(element("h3", "How it comes to be"), element("pre", each.arithmetic.join("\n")));
    if (each.arguments.length) {
      const cells = each.arguments.map(([name, value, written]) => [[name, value], written ? "" : "default"]);
      rows.push(element("h3", "Arguments"), table(cells));
    }
    if (each.weights.length) {
      const cells = each.weights.map(([name, shape, trains]) => [[name, shape, trains ? "" : "not trained"]]);
      rows.push(element("h3", each.shared ? "Weights, shared" : "Weights"), table(cells));
    }
  }
  if (box.nodes.length > 12) rows.push(element("pre", `and ${box.nodes.length - 12} more layers`));
  panel.replaceChildren(...rows);
  panel.hidden = false;
}

// Search.

function search(goes) {
  const wanted = at("search").value.trim().toLowerCase();
  const drawn = groups();
  const found = [];
  state.picture.boxes.forEach((box, number) => {
    const addresses = box.nodes.map((each) => state.nodes[each].address).join(" ");
    const has = wanted !== "" && `${label(box)} ${box.shape} ${addresses}`.toLowerCase().includes(wanted);
    if (has) found.push(number);
    drawn[number].style.opacity = wanted === "" || has ? "" : "0.25";
  });
  at("hits").textContent = wanted === "" ? "" : `${found.length} found`;
  if (!goes || !found.length) return;
  hit = (hit + 1) % found.length;
  reveal(found[hit]);
}

// What a person does.

at("search").addEventListener("input", () => {
  hit = -1;
  search(false);
});
at("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") search(true);
});
at("colour").addEventListener("change", colour);
at("variant").addEventListener("change", () => {
  const index = at("variant").selectedIndex;
  variant = index === 0 ? null : state.variants[index - 1];
  draw();
});
at("file").addEventListener("change", () => showFile(at("file").selectedIndex));
at("text").addEventListener("click", (event) => {
  const row = event.target.closest("[data-line]");
  if (row) pickLine(Number(row.dataset.line));
});
at("larger").addEventListener("click", () => zoomMiddle(1.25));
at("smaller").addEventListener("click", () => zoomMiddle(0.8));
at("fit").addEventListener("click", () => {
  fit();
  move();
});
at("open").addEventListener("click", () => {
  opened = new Set([ALL]);
  draw();
});
at("close").addEventListener("click", () => {
  opened = new Set();
  draw();
});
at("picture").addEventListener("wheel", (event) => {
  event.preventDefault();
  const room = at("picture").getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - room.x, event.clientY - room.y);
}, { passive: false });
let drag = null;
at("picture").addEventListener("pointerdown", (event) => {
  if (event.button === 0) drag = { x: event.clientX, y: event.clientY, moved: false };
});
window.addEventListener("pointermove", (event) => {
  if (drag === null) return;
  const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  place.x += dx;
  place.y += dy;
  drag = { x: event.clientX, y: event.clientY, moved: true };
  move();
});
window.addEventListener("pointerup", (event) => {
  const still = drag !== null && !drag.moved;
  drag = null;
  if (!still || event.composedPath()[0] === window) return;
  const group = event.composedPath().find((each) => each.dataset && each.dataset.box !== undefined);
  if (group) click(Number(group.dataset.box));
});
window.addEventListener("pointercancel", () => {
  drag = null;
});
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") unpick();
});

async function follow() {
  for (;;) {
    try {
      const version = await ask("version", [["since", String(state ? state.version : 0)]]);
      if (!state || version !== state.version) await draw();
    } catch {
      at("status").textContent = "the server does not answer";
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

draw().then(() => {
  if (given === null) follow();
});
