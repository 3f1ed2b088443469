// Who held what: a lane for each person, policy or account. Few grants are bars; many are counted in steps.
const WIDTH = 1000, HEIGHT = 20, STEPS = 250, FEW = 80, LANES = 25;
const SVG = "http://www.w3.org/2000/svg";
let lanesShown = LANES;

function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const held = rows.filter((row) => row.grantedAt !== null);
const spanEnd = (row) => Math.min(row.until ?? period.now, period.now);
const spanStart = (row) => Math.max(row.grantedAt, row.start ?? row.grantedAt);
const place = (seconds) =>
  Math.min(Math.max((seconds - period.start) / (period.end - period.start), 0), 1) * WIDTH;

function bars(lane) {
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const free = [];
  for (const row of [...lane].sort((one, other) => spanStart(one) - spanStart(other))) {
    let level = free.findIndex((until) => until <= spanStart(row));
    if (level < 0) level = free.length;
    free[level] = spanEnd(row);
    row.level = level;
  }
  const height = HEIGHT / Math.max(free.length, 1);
  for (const row of lane) {
    const from = place(spanStart(row)), width = Math.max(place(spanEnd(row)) - from, 2);
    const bar = draw("rect", { x: from, y: row.level * height, width, height: Math.max(height - 1, 1),
      class: row.exception ? "bad" : row.glass ? "glass" : "held" });
    const title = draw("title", {});
    title.textContent = `${row.requester}: ${row.policy} in ${row.account}, ${moment(spanStart(row))} to ${moment(spanEnd(row))}`;
    bar.append(title);
    svg.append(bar);
  }
  return svg;
}

// For each step, how many grants were held at once at most is not needed: how many touched it says how busy it was.
function steps(lane) {
  const all = new Array(STEPS).fill(0), bad = new Array(STEPS).fill(0);
  for (const row of lane) {
    const from = Math.min(Math.floor(place(spanStart(row)) / WIDTH * STEPS), STEPS - 1);
    const until = Math.min(Math.floor(place(spanEnd(row)) / WIDTH * STEPS), STEPS - 1);
    for (let step = from; step <= until; step += 1) {
      all[step] += 1;
      if (row.exception) bad[step] += 1;
    }
  }
  return { all, bad };
}

function counted(lane, most) {
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const { all, bad } = lane.steps, width = WIDTH / STEPS;
  for (let step = 0; step < STEPS; step += 1) {
    for (const [number, kind] of [[all[step], "held"], [bad[step], "bad"]]) {
      if (!number) continue;
      const height = Math.max(Math.sqrt(number / most) * HEIGHT, 2);
      svg.append(draw("rect", { x: step * width, y: HEIGHT - height, width, height, class: kind }));
    }
  }
  return svg;
}

function axis() {
  const row = make("div", { class: "axis", "aria-hidden": "true" });
  const days = (period.end - period.start) / 86400;
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const stamp = moment(period.start + (period.end - period.start) * part - (part === 1 ? 1 : 0));
    const tick = make("span", {}, days > 3 ? stamp.slice(0, 10) : stamp.slice(5, 16).replace("T", " "));
    if (part % 0.5) tick.className = "minor";
    row.append(tick);
  }
  return row;
}

function drawTimeline() {
  const by = document.getElementById("lanes-by").value;
  const lanes = new Map();
  for (const row of held) {
    const name = row[by] || "(nobody)";
    if (!lanes.has(name)) lanes.set(name, []);
    lanes.get(name).push(row);
  }
  const ordered = [...lanes].sort((one, other) => other[1].length - one[1].length || (one[0] < other[0] ? -1 : 1));
  const shown = ordered.slice(0, lanesShown);
  for (const [, lane] of shown) lane.steps = steps(lane);
  const most = Math.max(1, ...shown.map(([, lane]) => Math.max(...lane.steps.all)));
  const list = make("ol", { class: "lanes" });
  for (const [name, lane] of shown) {
    const bad = lane.filter((row) => row.exception).length;
    const says = count(lane.length, "grant", "grants") + (bad ? `, ${count(bad, "exception", "exceptions")}` : "");
    const button = make("button", { type: "button", class: "lane", title: `Show ${name} in the table` },
      make("span", { class: "name" }, name), make("span", { class: "number" }, says));
    button.addEventListener("click", () => showOnly(by, name));
    list.append(make("li", {}, button, make("div", { class: "track" }, lane.length > FEW ? counted(lane, most) : bars(lane))));
  }
  const more = make("button", { type: "button", class: "plain" }, `Show all ${ordered.length} lanes`);
  more.addEventListener("click", () => { lanesShown = Infinity; drawTimeline(); });
  const parts = held.length ? [axis(), list] : [make("p", { class: "quiet" }, "Nothing was held in this period.")];
  document.getElementById("timeline").replaceChildren(...parts, ...(ordered.length > shown.length ? [more] : []));
}

document.getElementById("lanes-by").addEventListener("change", () => { lanesShown = LANES; drawTimeline(); });
drawTimeline();
