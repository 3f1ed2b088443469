// The population: searched, filtered, sorted, and shown a page at a time, so that 20,000 rows stay quick.
const COLUMNS = [
  ["first", "When", (row) => brief(row.grantedAt ?? row.first), "number"],
  ["requester", "Who", (row) => row.requester || "unknown"],
  ["policy", "Policy", (row) => row.policy],
  ["account", "Account", (row) => row.account],
  ["until", "Held", (row) => (row.grantedAt === null ? "–" : length(Math.max(spanEnd(row) - spanStart(row), 0))), "held"],
  ["risk", "Risk", (row) => row.risk || "–", "risk"],
  ["outcome", "Outcome", (row) => row.outcome],
  ["approvers", "Approved by", (row) => row.approvers.join(", ") || "–"],
  ["verdict", "Verdict", (row) => VERDICTS[row.verdict], "verdict"],
];
const VERDICTS = { exception: "exception", unknown: "unknown", open: "not due yet", good: "in order", none: "–" };
const RISKS = ["", "low", "medium", "high", "critical"];
const WEIGHTS = { exception: 0, unknown: 1, open: 2, good: 3, none: 4 };
const state = { sort: "first", down: true, page: 0, open: new Set() };
const control = (name) => document.getElementById(name);
let found = rows;

function sortKey(row, column) {
  if (column === "first") return row.grantedAt ?? row.first;
  if (column === "until") return row.grantedAt === null ? -1 : spanEnd(row) - spanStart(row);
  if (column === "risk") return RISKS.indexOf(row.risk);
  if (column === "verdict") return WEIGHTS[row.verdict];
  if (column === "approvers") return row.approvers.join(", ");
  return row[column];
}

// The text of a row, in lower case; made when it is first searched.
function haystack(row) {
  if (row.haystack === undefined) {
    const texts = SHOWN.map((_, at) => text(row.raw[at]));
    for (const each of row.raw[25]) texts.push(text(each[1]), text(each[2]), text(each[7]), each[12] === null ? "" : "#" + each[12]);
    row.haystack = texts.concat(row.approvers, row.answers.map((each) => text(each[1]))).join("\n").toLowerCase();
  }
  return row.haystack;
}

const KINDS = {
  all: () => true, exception: (row) => row.exception, unknown: (row) => row.doubt, open: (row) => row.open, glass: (row) => row.glass,
  privileged: (row) => row.risk === "high" || row.risk === "critical", refused: (row) => row.outcome === "refused",
  rehearsal: (row) => row.rehearsal, live: (row) => row.outcome === "live",
  entered: (row) => row.use === "entered", never: (row) => row.use === "never entered",
  unseen: (row) => row.use === "not seen" || row.use === "not asked",
};

function find() {
  const words = control("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = KINDS[control("kind").value];
  const exact = ["requester", "policy", "account"].map((name) => [name, control(name).value]).filter(([, value]) => value !== "*");
  found = rows.filter((row) =>
    kind(row) && exact.every(([name, value]) => row[name] === value) && words.every((each) => haystack(row).includes(each)));
  const key = new Map(found.map((row) => [row, sortKey(row, state.sort)]));
  const way = state.down ? -1 : 1;
  found.sort((one, other) => {
    const mine = key.get(one), yours = key.get(other);
    return (mine < yours ? -way : mine > yours ? way : one.index - other.index);
  });
  show();
}

function cellsOf(row) {
  const detail = `detail-${row.index}`, isOpen = state.open.has(row.index);
  return COLUMNS.map(([name, title, shown], at) => {
    const cell = make(at ? "td" : "th", at ? { "data-title": title } : { scope: "row", "data-title": title });
    if (at === 0) {
      const button = make("button", { type: "button", class: "opens", "aria-expanded": String(isOpen), "aria-controls": detail,
        "aria-label": `${shown(row)}, evidence of ${row.requester || "unknown"}'s ${row.policy || "role"} in ${row.account || "no account"}` }, shown(row));
      button.addEventListener("click", () => toggle(row, button));
      cell.append(button);
    } else if (name === "verdict") {
      cell.append(make("span", { class: `mark ${row.verdict}` }, shown(row)));
      if (row.rehearsal) cell.append(" ", make("span", { class: "mark" }, "rehearsal"));
      if (row.glass) cell.append(" ", make("span", { class: "mark glass" }, "break-glass"));
    } else if (name === "risk" && row.risk) {
      cell.append(make("span", { class: `risk ${row.risk}` }, row.risk));
    } else {
      cell.append(shown(row));
    }
    return cell;
  });
}

function detailOf(row) {
  const cell = make("td", { colspan: String(COLUMNS.length) }, evidence(row));
  return make("tr", { class: "detail", id: `detail-${row.index}` }, cell);
}

function toggle(row, button) {
  const line = button.closest("tr"), isOpen = state.open.has(row.index);
  if (isOpen) { state.open.delete(row.index); line.nextElementSibling.remove(); }
  else { state.open.add(row.index); line.after(detailOf(row)); }
  button.setAttribute("aria-expanded", String(!isOpen));
}

function show() {
  const size = Number(control("size").value), pages = Math.max(1, Math.ceil(found.length / size));
  state.page = Math.min(Math.max(state.page, 0), pages - 1);
  const from = state.page * size, page = found.slice(from, from + size);
  const lines = page.flatMap((row) => {
    const line = make("tr", { class: row.verdict }, ...cellsOf(row));
    return state.open.has(row.index) ? [line, detailOf(row)] : [line];
  });
  control("rows").replaceChildren(...lines);
  const shown = page.length ? `, ${(from + 1).toLocaleString("en")} to ${(from + page.length).toLocaleString("en")} shown` : "";
  control("status").textContent = `${found.length.toLocaleString("en")} of ${count(rows.length, "item", "items")}${shown}`;
  control("page").textContent = `Page ${(state.page + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`;
  control("previous").disabled = state.page === 0;
  control("next").disabled = state.page === pages - 1;
  for (const head of control("heads").children) {
    const sorted = head.dataset.column === state.sort;
    head.setAttribute("aria-sort", sorted ? (state.down ? "descending" : "ascending") : "none");
  }
}

function again() { state.page = 0; find(); }

function showOnly(name, value) {
  for (const each of ["requester", "policy", "account"]) control(each).value = each === name ? value : "*";
  control("search").value = "";
  control("kind").value = "all";
  again();
  control("table-title").scrollIntoView();
  control("search").focus({ preventScroll: true });
}

function showItem(id) {
  const row = rows.find((each) => each.id === id);
  if (!row) return;
  showOnly("", "");
  control("search").value = id;
  state.open.add(row.index);
  again();
}

for (const [name, title] of COLUMNS) {
  const button = make("button", { type: "button" }, title);
  button.addEventListener("click", () => {
    state.down = state.sort === name ? !state.down : name === "first" || name === "until" || name === "risk";
    state.sort = name;
    again();
  });
  control("heads").append(make("th", { scope: "col", "data-column": name, "data-title": title, "aria-sort": "none" }, button));
}
for (const name of ["requester", "policy", "account"]) {
  const values = [...new Set(rows.map((row) => row[name]))].sort();
  for (const value of values) control(name).append(make("option", { value }, value || "(unknown)"));
}
let typing = 0;
control("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(again, rows.length > 2000 ? 150 : 0); });
for (const name of ["kind", "requester", "policy", "account", "size"]) control(name).addEventListener("change", again);
control("previous").addEventListener("click", () => { state.page -= 1; show(); });
control("next").addEventListener("click", () => { state.page += 1; show(); });
control("clear").addEventListener("click", () => { showOnly("", ""); });
for (const button of document.querySelectorAll("button[data-item]")) button.addEventListener("click", () => showItem(button.dataset.item));
document.addEventListener("keydown", (event) => {
  const typed = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === "/" && !typed && !event.ctrlKey && !event.metaKey) { event.preventDefault(); control("search").focus(); }
});
// On paper there are no pages to turn: what was found is printed, as far as anybody would.
let before = null;
const opened = []; // what is folded is unfolded on paper
window.addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) { each.open = true; opened.push(each); }
  if (found.length > 2000) return;
  before = control("size").value;
  const all = make("option", { value: String(Math.max(found.length, 1)) }, "all");
  control("size").append(all);
  control("size").value = all.value;
  show();
});
window.addEventListener("afterprint", () => {
  for (const each of opened.splice(0)) each.open = false;
  if (before === null) return;
  control("size").lastElementChild.remove();
  control("size").value = before;
  before = null;
  show();
});
document.documentElement.classList.add("ready");
find();
