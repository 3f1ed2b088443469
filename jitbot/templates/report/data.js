"use strict";
// Reads what jitbot/domain/audit/report/page_rows.py wrote. Nothing here makes HTML of text: only text nodes.
const given = JSON.parse(document.getElementById("data").textContent);
const QUESTIONS = Object.entries(given.questions);
const ANSWERS = given.answers;
const SHOWN = ["id", "outcome", "request", "policy", "account", "accountId", "role", "requester", "principal",
  "reason", "optional", "duration", "parameters", "actions", "resources", "managed", "digest", "risk", "riskReasons"];
const text = (number) => given.texts[number];

function readReview(raw) {
  const [login, state, commit, rule, why] = raw.slice(0, 5).map(text);
  const [githubId, reviewId, at, counted] = raw.slice(5);
  return { login, state, commit, rule, why, githubId, reviewId, at, counted: counted === 1 };
}

function readDecision(raw) {
  const [kind, commit, head, rules, author, mergedBy, ownerRule, reasons, run] = raw.slice(0, 9).map(text);
  const [at, requestedAt, mergedAt, pull, required, reviews, heldRules, places] = raw.slice(9);
  return { kind, commit, head, rules, author, mergedBy, ownerRule, reasons, run, at, requestedAt, mergedAt, pull,
    required, reviews: reviews.map(readReview), heldRules: text(heldRules), places: text(places) };
}

// What the table needs of each row at once; the rest is read when a row is opened.
function readRow(raw, index) {
  const row = { index, raw };
  for (const [place, name] of ["id", "outcome", "request", "policy", "account"].entries()) row[name] = text(raw[place]);
  row.requester = text(raw[7]);
  row.risk = text(raw[17]);
  [row.start, row.expiry, row.grantedAt, row.until, row.first] = raw.slice(20, 25);
  row.approvers = [...new Set(raw[25].flatMap((each) => each[14].filter((one) => one[8] === 1).map((one) => text(one[0]))))];
  row.answers = raw[31];
  [row.glass, row.exception, row.doubt, row.open] = raw.slice(32, 36).map((flag) => flag === 1);
  row.rehearsal = raw[37] === 1;
  row.use = text(raw[38][0]);
  row.verdict = row.exception ? "exception" : row.doubt ? "unknown" : row.open ? "open" : row.answers.length ? "good" : "none";
  return row;
}

function readWhole(row) {
  const whole = { ...row };
  for (const [place, name] of SHOWN.entries()) whole[name] = text(row.raw[place]);
  whole.optional = given.optional.map((name, at) => [name, whole.optional.split("\n")[at]]);
  whole.githubId = row.raw[19];
  whole.decisions = row.raw[25].map(readDecision);
  whole.grants = row.raw[26].map(([at, ids, run]) => ({ at, ids: text(ids), run: text(run) }));
  const ended = row.raw[27];
  if (ended) {
    const [why, seen, cause, by, reason, run] = ended.slice(1).map(text);
    whole.ended = { at: ended[0], why, seen, cause, by, reason, run };
  }
  [whole.removedAt, whole.absent] = row.raw.slice(28, 30);
  const review = row.raw[30];
  if (review) whole.review = { due: review[0], reviewers: text(review[1]), at: review[2], by: text(review[3]) };
  whole.failures = row.raw[36];
  [whole.used, whole.services, whole.notSeen, whole.useRun] = row.raw[38].slice(1).map(text);
  return whole;
}

const rows = given.rows.map(readRow);
const period = { start: given.start, end: given.end, now: given.now };

function moment(seconds) {
  return seconds === null || seconds === undefined ? "" : new Date(seconds * 1000).toISOString().slice(0, 19) + "Z";
}

function brief(seconds) {
  return moment(seconds).slice(0, 16).replace("T", " ");
}

function length(seconds) {
  const minutes = Math.floor(seconds / 60), days = Math.floor(minutes / 1440);
  const parts = [[days, "d"], [Math.floor(minutes / 60) % 24, "h"], [minutes % 60, "m"]];
  return parts.filter(([number]) => number).map(([number, unit]) => number + unit).join("") || "0m";
}

// An element with attributes and children; a child that is text stays text.
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const count = (number, one, many) => number.toLocaleString("en") + " " + (number === 1 ? one : many);
