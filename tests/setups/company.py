"""A company of 300 people, 40 teams, 60 accounts and 80 policies, as files that are the same every time.

18 products, each with its engineers, its leads, and an account for production, staging and development. The files
are as `jitbot import` keeps them; the policies of the products differ in their names alone, those for everybody
are the library's.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice, product

from jitbot.commands.setup import templates

PRODUCTS = (
    "billing", "booking", "cart", "catalog", "checkout", "coupons", "fraud", "invoices", "loyalty", "mobile",
    "orders", "payments", "pricing", "returns", "search", "shipping", "stock", "warehouse",
)  # fmt: skip
STAGES = ("production", "staging", "development")
SHARED = ("network", "logs", "backup", "images", "audit", "tools")  # accounts of everybody
ENGINEERS, LEADS = 15, 3  # of each product; its leads are engineers of it
CENTRAL = {"sre": 12, "security": 8, "platform": 9}
ADMIN = "olivia"  # of the repository, by hand
RULES_OWNERS = (ADMIN, "platform-1", "platform-2")
_FIRST_ID, _FIRST_ACCOUNT = 50_001, 500_000_000_001
_WEEKS = ("2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28", "2027-01-04")

# The four policies of each product. __PRODUCT__ stands for its name.
_OF_A_PRODUCT = {
    "logs": (
        ("leads",),
        """\
description: Read and search the CloudWatch logs of __PRODUCT__
eligible: ["@acme/__PRODUCT__", "@acme/sre"]
accounts: ["@product-__PRODUCT__"]
max_duration: 8h  # a working day
approvals: 1
statements:
  - actions: [logs:DescribeLogStreams, logs:FilterLogEvents, logs:GetLogEvents, logs:StartQuery]
    resources:
      - arn:aws:logs:*:{{account_id}}:log-group:/acme/__PRODUCT__
      - arn:aws:logs:*:{{account_id}}:log-group:/acme/__PRODUCT__:*
  # AWS gives these two on everything or not at all; the results of a query need its id.
  - actions: [logs:GetQueryResults, logs:StopQuery]
    resources: ["*"]
""",
    ),
    "table-read": (
        ("leads", "security"),
        """\
description: Read the items of one DynamoDB table of __PRODUCT__
eligible: ["@acme/__PRODUCT__"]
accounts: ["@product-__PRODUCT__"]
max_duration: 4h
# All rules that hold apply together: a lead always, and one of security too for a long look at production.
approvals:
  - need: 1
    from: ["@acme/__PRODUCT__-leads"]
  - when: {accounts: ["@production"], duration_over: 2h}
    need: 2
    from: ["@acme/__PRODUCT__-leads", "@acme/security"]
parameters:
  table:
    description: which table
    enum: [__PRODUCT__, __PRODUCT__-history]
statements:
  - actions: [dynamodb:BatchGetItem, dynamodb:DescribeTable, dynamodb:GetItem, dynamodb:Query]
    resources:
      - arn:aws:dynamodb:*:{{account_id}}:table/{{table}}
      - arn:aws:dynamodb:*:{{account_id}}:table/{{table}}/index/*
""",
    ),
    "redrive": (
        ("leads",),
        """\
description: Move the failed messages of __PRODUCT__ back to their queue
eligible: ["@acme/__PRODUCT__", "@acme/sre"]
accounts: ["@product-__PRODUCT__"]
max_duration: 2h
approvals: 1
statements:
  # AWS moves with the rights of the person who starts it. So reading and deleting by hand is allowed, too.
  - actions:
      - sqs:CancelMessageMoveTask
      - sqs:DeleteMessage
      - sqs:ListMessageMoveTasks
      - sqs:ReceiveMessage
      - sqs:StartMessageMoveTask
    resources: ["arn:aws:sqs:*:{{account_id}}:__PRODUCT__-failed"]
  - actions: [sqs:SendMessage]
    resources: ["arn:aws:sqs:*:{{account_id}}:__PRODUCT__"]
  - actions: [sqs:GetQueueAttributes, sqs:GetQueueUrl]
    resources:
      - arn:aws:sqs:*:{{account_id}}:__PRODUCT__-failed
      - arn:aws:sqs:*:{{account_id}}:__PRODUCT__
""",
    ),
    "shell": (
        ("leads", "sre"),
        """\
description: A shell on the EC2 instances of __PRODUCT__, through Session Manager
eligible: ["@acme/__PRODUCT__", "@acme/sre"]
accounts: ["@product-__PRODUCT__"]
max_duration: 2h
# In production one who knows the product and one who knows the hosts; elsewhere either of them.
approvals:
  - need: 1
  - when: {accounts: ["@production"]}
    need: 2
    from: ["@acme/__PRODUCT__-leads", "@acme/sre"]
ticket: required
statements:
  # A shell that is open outlives the grant: AWS asks when it opens.
  - actions: [ssm:StartSession]
    resources: ["arn:aws:ec2:*:{{account_id}}:instance/*"]
    conditions:
      StringEquals: {"ssm:resourceTag/product": __PRODUCT__}
  - actions: [ssm:StartSession]
    resources: ["arn:aws:ssm:*:{{account_id}}:document/SSM-SessionManagerRunShell"]
  # AWS fills in ${aws:userid}: everyone opens, resumes and ends their own sessions only.
  - actions: [ssm:ResumeSession, ssm:TerminateSession, ssmmessages:OpenDataChannel]
    resources: ["arn:aws:ssm:*:{{account_id}}:session/${aws:userid}-*"]
""",
    ),
}
# Policies of the library for everybody: who may ask, where, and who approves.
_EVERYBODY = tuple(f"@acme/{name}" for name in PRODUCTS)
_OF_ALL = {
    "account-read-only": (("@acme/sre", "@acme/security"), STAGES, "@acme/platform @acme/security"),
    "athena-query": (("@acme/warehouse",), ("product-warehouse",), "@acme/warehouse-leads"),
    "cloudformation-read": (_EVERYBODY, STAGES, "@acme/platform @acme/sre"),
    "cost-read": (_EVERYBODY, (*STAGES, "shared"), "@acme/platform"),
    "secret-read": (("@acme/sre", "@acme/platform"), STAGES, "@acme/security"),
    "ssm-port-forward": (("@acme/sre",), STAGES, "@acme/security @acme/platform"),
}
_REHEARSAL = """\
# For `jitbot doctor --rehearse` alone. Keep it as it is: a grant that may do more counts as an ordinary one.
description: Rehearse a grant with one harmless read
eligible: ["@acme/platform"]
accounts: [orders-development]
max_duration: 15m
approvals: 1
statements:
  - actions: ["ec2:DescribeRegions"]
    resources: ["*"]
"""
_BREAK_GLASS = """\
description: Everything in production, at once, when nobody is there to approve
# The person who is on call, by the dates in teams.yaml, and nobody else.
eligible: ["@acme/on-call"]
accounts: ["@production"]
max_duration: 1h
approvals: 0
reviewers: ["@acme/security", "@acme/platform"]
review_within: 24h
ticket: required
managed_policies: [AdministratorAccess]
"""


def people() -> tuple[str, ...]:
    """Everybody whom an import knows: engineers by product and number, and those of the central teams."""
    sizes = {**dict.fromkeys(PRODUCTS, ENGINEERS), **CENTRAL}
    return tuple(f"{team}-{number}" for team, size in sizes.items() for number in range(1, size + 1))


def teams() -> dict[str, tuple[str, ...]]:
    """The teams as GitHub has them; who is on call is kept by hand."""
    found = {}
    for name in PRODUCTS:
        found[f"acme/{name}"] = tuple(f"{name}-{number}" for number in range(1, ENGINEERS + 1))
        found[f"acme/{name}-leads"] = found[f"acme/{name}"][:LEADS]
    for name, size in CENTRAL.items():
        found[f"acme/{name}"] = tuple(f"{name}-{number}" for number in range(1, size + 1))
    return found


def accounts() -> dict[str, str]:
    """Alias and id of every account, by organisational unit: production first."""
    units = [*product(STAGES, PRODUCTS), *product(["shared"], SHARED)]
    return {f"{name}-{unit}": str(_FIRST_ACCOUNT + number) for number, (unit, name) in enumerate(units)}


def groups() -> dict[str, tuple[str, ...]]:
    """A group for each organisational unit, and one for each value of the tag `product`."""
    units = {
        unit: tuple(each for each in accounts() if each.endswith(f"-{unit}")) for unit in (*STAGES, "shared")
    }
    tags = {f"product-{name}": tuple(f"{name}-{stage}" for stage in STAGES) for name in PRODUCTS}
    return {**units, **tags}


def tree() -> dict[str, str]:
    """The files beside what `jitbot init` writes, or in its place: path -> text."""
    policies = dict(_policies())
    return {
        ".github/CODEOWNERS": _codeowners(),
        "policies/accounts.yaml": "".join(
            f'{alias}: {{id: "{number}", source: organizations}}\n' for alias, number in accounts().items()
        ),
        "policies/account-groups.yaml": "".join(_owned("organizations", "accounts", groups())),
        "policies/people.yaml": _people(),
        "policies/teams.yaml": "".join(_owned("github", "members", teams())) + _on_call(),
        **{f"policies/access/{name}.yaml": text for name, text in policies.items()},
    }


def _policies() -> Iterator[tuple[str, str]]:
    for name, (kind, (_, text)) in product(PRODUCTS, _OF_A_PRODUCT.items()):
        yield f"{name}-{kind}", text.replace("__PRODUCT__", name)
    library = templates.library()
    for name, (eligible, where, _) in _OF_ALL.items():
        filled = library[name].text.replace("__ELIGIBLE__", _list(eligible))
        yield name, filled.replace("__ACCOUNTS__", _list([f"@{group}" for group in where]))
    yield from (("break-glass", _BREAK_GLASS), ("rehearsal", _REHEARSAL))


def _codeowners() -> str:
    lines = [
        "# The last line that matches a path decides who owns it, so the order is the rule.",
        "* @acme/platform",
    ]
    for name, (kind, (owners, _)) in product(PRODUCTS, _OF_A_PRODUCT.items()):
        named = (f"@acme/{name}-leads" if each == "leads" else f"@acme/{each}" for each in owners)
        lines.append(f"/requests/{name}-{kind}/ {' '.join(named)}")
    lines += [f"/requests/{name}/ {owners}" for name, (*_, owners) in _OF_ALL.items()]
    lines += [
        "/requests/rehearsal/ @acme/platform",
        "# Break-glass: nobody approves before.",
        "/requests/break-glass/",
    ]
    lines.append(
        "# Who may change the rules. People, so that no author's team counts as their approval. Last."
    )
    lines += [
        f"{path} {' '.join(f'@{login}' for login in RULES_OWNERS)}" for path in ("/policies/", "/.github/")
    ]
    return "\n".join(lines) + "\n"


def _people() -> str:
    """Security approves and never asks for itself but for reading, so everybody has a principal here."""
    lines = ['defaults: {identity_center: {account: "222222222222", permission_set: Developer}}', "people:"]
    lines.append(f"  {ADMIN}: {{github_id: 1009}}  # of the repository, by hand")
    for number, login in enumerate(people()):
        own = f"github_id: {_FIRST_ID + number}, identity_center: {login}@acme.com, source: csv"
        lines.append(f"  {login}: {{{own}}}")
    return "\n".join(lines) + "\n"


def _owned(source: str, key: str, lists: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Lists as an import writes them."""
    for name, entries in lists.items():
        yield f"{name}:\n  source: {source}\n  {key}:\n" + "".join(f"    - {each}\n" for each in entries)


def _on_call() -> str:
    """By hand, beside the import: one of sre a week."""
    turns = zip(_WEEKS, _WEEKS[1:], islice(cycle(teams()["acme/sre"]), len(_WEEKS)), strict=False)
    lines = [
        f"  - {{login: {login}, from: {begin}T08:00:00Z, until: {end}T08:00:00Z}}\n"
        for begin, end, login in turns
    ]
    return "acme/on-call:\n" + "".join(lines)


def _list(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
