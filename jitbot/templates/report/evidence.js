// One row down to its evidence, and the git commands that show it in a clone.
function word(value) { // as Python's shlex.quote
  if (value === "") return "''";
  return /^[A-Za-z0-9_@%+=:,.\/-]+$/.test(value) ? value : "'" + value.replaceAll("'", "'\"'\"'") + "'";
}

function commands(whole) {
  const found = [];
  const sought = whole.request ? "Request: " + whole.request : whole.role ? "Role: " + whole.role : "";
  if (sought) {
    const line = sought.replace(/[\\.*[$]/g, "[$&]"); // as a basic regular expression has it
    found.push(`git log --reverse --basic-regexp ${word("--grep=^" + line + "$")} refs/remotes/origin/ledger`);
  }
  for (const each of whole.decisions) {
    if (each.commit) found.push(`git show ${word(each.commit)}`);
    if (each.rules) {
      found.push(`git show ${word(each.rules + ":.github/CODEOWNERS")}`);
      if (whole.policy) found.push(`git show ${word(`${each.rules}:policies/access/${whole.policy}.yaml`)}`);
    }
    if (each.pull !== null) found.push(`git fetch origin refs/pull/${each.pull}/head && git log -3 FETCH_HEAD`);
  }
  return found;
}

function facts(title, pairs) {
  const list = make("dl", {});
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(make("dt", {}, name), make("dd", {}, ...(value instanceof Node ? [value] : [String(value)])));
  }
  return list.children.length ? make("section", {}, make("h4", {}, title), list) : null;
}

function reviewLine(review) {
  const when = review.at === null ? "at a time that is not recorded" : `at ${moment(review.at)}`;
  const start = `${review.login} (GitHub id ${review.githubId}): ${review.state.toLowerCase()} ${when}`;
  const rest = `, on commit ${review.commit.slice(0, 12)}, review ${review.reviewId}`;
  const rule = review.rule ? `, owner by CODEOWNERS line ${review.rule}` : "";
  return make("li", {}, start + rest + rule + (review.counted ? "" : `. Not counted: ${review.why}`));
}

function decisionFacts(each) {
  const counted = each.reviews.filter((review) => review.counted);
  const people = new Set(counted.map((review) => review.githubId)).size;
  const reviews = each.reviews.length ? make("ul", {}, ...each.reviews.map(reviewLine)) : "none";
  return facts(each.kind.charAt(0).toUpperCase() + each.kind.slice(1), [
    ["decided at", moment(each.at)],
    ["pull request", each.pull === null ? "" : `#${each.pull}, by ${each.author}`],
    ["asked at", moment(each.requestedAt)],
    ["merged", each.mergedAt === null ? "" : `${moment(each.mergedAt)}, by ${each.mergedBy || "somebody"}`],
    ["approvals", each.required === null ? "" : `${people} of ${each.required} needed, by distinct people`],
    ["rules of approval", each.heldRules], ["approvals by rule", each.places],
    ["reviews", reviews],
    ["refused because", each.reasons],
    ["head", each.head], ["merge commit", each.commit], ["policy commit", each.rules],
    ["owner rule", each.ownerRule], ["run", each.run],
  ]);
}

function outcomeFacts(whole) {
  const pairs = [];
  for (const grant of whole.grants) {
    pairs.push(["granted at", moment(grant.at)], ["AWS request ids", grant.ids], ["run", grant.run]);
  }
  if (whole.ended) {
    pairs.push(["ended", `${whole.ended.why}${whole.ended.by ? ", by " + whole.ended.by : ""}`],
      ["why", whole.ended.reason || whole.ended.cause], ["end confirmed at", moment(whole.ended.at)],
      ["seen then", whole.ended.seen], ["run", whole.ended.run]);
  }
  if (whole.removedAt !== null) {
    pairs.push(["role removed at", moment(whole.removedAt)], ["absence read back", whole.absent ? "yes" : "no"]);
    if (whole.expiry !== null) pairs.push(["after its expiry by", length(whole.removedAt - whole.expiry)]);
  }
  pairs.push(["failed attempts", whole.failures || ""]);
  return facts("What happened", pairs);
}

function useFacts(whole) {
  return facts("What was done with it", [
    ["by CloudTrail", whole.used], ["calls by service", whole.services], ["not seen", whole.notSeen], ["run", whole.useRun],
  ]);
}

function verdictFacts(whole) {
  const list = make("ul", { class: "answers" });
  for (const [place, [answer, why]] of whole.answers.entries()) {
    list.append(make("li", { class: ANSWERS[answer].replaceAll(" ", "-") }, make("strong", {}, ANSWERS[answer]), ` ${QUESTIONS[place][1]}${text(why) ? ": " + text(why) : ""}`));
  }
  return list.children.length ? make("section", {}, make("h4", {}, "Verdicts"), list) : null;
}

function evidence(row) {
  const whole = readWhole(row);
  const asked = facts("What was asked", [
    ["request", whole.request], ["reason", whole.reason], ...whole.optional,
    ["requester", whole.requester + (whole.githubId === null ? "" : ` (GitHub id ${whole.githubId})`)],
    ["AWS principal", whole.principal], ["duration", whole.duration], ["parameters", whole.parameters],
    ["account", `${whole.account} ${whole.accountId}`.trim()],
    ["window", whole.expiry === null ? "" : `${moment(whole.start)} to ${moment(whole.expiry)}`],
  ]);
  const given = facts("What it allowed", [
    ["role", whole.role], ["actions", whole.actions], ["resources", whole.resources],
    ["managed policies", whole.managed], ["risk", whole.risk], ["because", whole.riskReasons],
    ["documents' sha256", whole.digest],
  ]);
  const review = whole.review ? facts("Break-glass", [
    ["review due", moment(whole.review.due)], ["by", whole.review.reviewers],
    ["reviewed", whole.review.at === null ? "not yet" : `${moment(whole.review.at)}, by ${whole.review.by}`],
  ]) : null;
  const shell = make("section", { class: "shell" }, make("h4", {}, "See it yourself"),
    make("pre", { tabindex: "0", "aria-label": "git commands" }, commands(whole).join("\n")));
  const parts = [verdictFacts(whole), asked, given, ...whole.decisions.map(decisionFacts), outcomeFacts(whole), useFacts(whole), review, shell];
  return make("div", { class: "evidence" }, ...parts.filter(Boolean));
}
