"""The OIDC issuer: tokens of a run, published keys, and which signatures count."""

import base64
import functools
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

import requests
from jitbot.adapters.oidc import ActionsOidc
from jitbot.domain.model.bounds import TOKEN_READ
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import GitHubFault

CLAIMS = {"repository_id": "700001", "aud": "jitbot-ledger:1"}


@functools.cache
def key(name: str) -> RSAPrivateKey:
    """A signing key, made once."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def published(name: str) -> dict[str, str]:
    """The key as an issuer publishes it, under the id `k1`."""
    return {"k1": jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key())}


def signed(name: str = "good", /, **claims: object) -> str:
    """A token signed with that key, which says that it is `k1`."""
    return jwt.encode({**CLAIMS, **claims}, key(name), algorithm="RS256", headers={"kid": "k1"})


def spelled(header: object, payload: object = CLAIMS, signature: bytes = b"") -> str:
    """A token put together by hand."""
    parts = (json.dumps(header).encode(), json.dumps(payload).encode())
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, signature))


def by_jwt(token: str) -> object:
    """The claims as `jwt.decode` alone reads them, with the good key; None for what it refuses."""
    names = ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
    unread: Any = {f"verify_{name}": False for name in names}
    try:
        return jwt.decode(token, key("good").public_key(), algorithms=["RS256"], options=unread)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None


HEADERS = st.fixed_dictionaries(
    {
        "alg": st.sampled_from(["RS256"] * 6 + ["rs256", "HS256", "PS256", "", None]),
        "kid": st.just("k1"),
    },
    optional={
        "crit": st.sampled_from([["b64"], [], ["exp"], "b64"]),
        "b64": st.sampled_from([False, False, True]),
        "typ": st.just("JWT"),
    },
)
PAYLOADS = st.one_of(
    st.just(json.dumps(CLAIMS).encode()),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2).map(
        lambda each: json.dumps(each).encode()
    ),
    st.sampled_from(
        [b"[]", b"7", b"null", b"", b"{", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[" * 5000, b"\xff"]
    ),
)
# How somebody may spell a token otherwise: a character put in, or in the place of another.
EDITS = st.tuples(st.integers(0, 900), st.sampled_from([*"=-_+/.AQ! \n", "é", "\udcff"]), st.booleans())


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """A token with such a header and payload, rightly signed, and then perhaps spelled otherwise."""
    header = draw(st.one_of(st.just({"alg": "RS256", "kid": "k1"}), HEADERS))
    unsigned = spelled(header).partition(".")[0]
    unsigned += "." + base64.urlsafe_b64encode(draw(PAYLOADS)).decode().rstrip("=")
    proof = key("good").sign(unsigned.encode(), PKCS1v15(), hashes.SHA256())
    token = f"{unsigned}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"
    for place, character, instead in draw(st.lists(EDITS, max_size=2)):
        at = place % (len(token) + 1)
        token = token[:at] + character + token[at + instead :]
    return token


@pytest.fixture
def judge() -> ActionsOidc:
    """An issuer that is asked nothing: verifying needs no network."""
    return ActionsOidc("https://token.actions.githubusercontent.com")


def test_a_good_signature_gives_the_claims(judge: ActionsOidc) -> None:
    """A token signed by a key that counts gives its claims, all of them."""
    assert judge.verified(signed(), published("good")) == CLAIMS


@pytest.mark.parametrize("claims", [{"exp": 1}, {"nbf": 99999999999}, {"iat": 99999999999}, {"iss": "me"}])
def test_time_and_issuer_are_not_judged_here(judge: ActionsOidc, claims: dict[str, object]) -> None:
    """A signature is read long after the token has expired; what the claims say is for others to judge."""
    assert judge.verified(signed(**claims), published("good")) == {**CLAIMS, **claims}


def test_another_key_does_not_count(judge: ActionsOidc) -> None:
    """A token signed by somebody else's key under a good key's id proves nothing."""
    assert judge.verified(signed("other"), published("good")) is None


def test_an_unknown_key_does_not_count(judge: ActionsOidc) -> None:
    """A good signature by a key that is not among those that count proves nothing."""
    assert judge.verified(signed(), {"k2": published("good")["k1"]}) is None


def test_changed_claims_do_not_count(judge: ActionsOidc) -> None:
    """The signature of one token under the claims of another proves nothing."""
    header, _, signature = signed().split(".")
    forged = ".".join((header, signed(repository_id="1").split(".")[1], signature))
    assert judge.verified(forged, published("good")) is None


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
def test_no_algorithm_is_no_signature(judge: ActionsOidc, name: str) -> None:
    """A token that says it needs no signature proves nothing, however it spells that."""
    token = spelled({"alg": name, "typ": "JWT", "kid": "k1"})
    assert judge.key_id(token) == "k1"
    assert judge.verified(token, published("good")) is None


@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_the_public_key_is_no_secret(judge: ActionsOidc, form: str) -> None:
    """A token authenticated with the public key as an HMAC secret proves nothing."""
    secret = published("good")["k1"].encode()
    if form == "pem":
        secret = (
            key("good")
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    unsigned = spelled({"alg": "HS256", "typ": "JWT", "kid": "k1"}).rsplit(".", 1)[0]
    mac = (
        base64.urlsafe_b64encode(hmac.digest(secret, unsigned.encode(), hashlib.sha256)).decode().rstrip("=")
    )
    assert judge.verified(f"{unsigned}.{mac}", published("good")) is None


def test_another_family_of_signatures_does_not_count(judge: ActionsOidc) -> None:
    """Even the right key counts only with the one algorithm GitHub signs with."""
    token = jwt.encode(CLAIMS, key("good"), algorithm="PS256", headers={"kid": "k1"})
    assert judge.verified(token, published("good")) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "not a token at all",
        "\x00\x01.\x02.\x03",
        "\udcff.\udcff.\udcff",
        "é.é.é",
        spelled([]),
        spelled({"alg": "RS256", "kid": 7}),
        spelled({"alg": "RS256"}),
        spelled({"alg": "RS256", "kid": "k1"}).rpartition(".")[0],
        spelled({"alg": "RS256", "kid": "k1"}) + ".x",
        base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30",
    ],
)
def test_garbage_is_no_token(judge: ActionsOidc, token: str) -> None:
    """What anyone may push to the ledger names no key and proves nothing, and stops no run."""
    assert judge.key_id(token) == ""
    assert judge.verified(token, published("good")) is None


@given(token=spellings())
def test_a_token_is_read_as_jwt_reads_it(token: str) -> None:
    """Whatever its header, its payload and its spelling: what is read in fewer steps is neither more nor less."""
    judge = ActionsOidc("https://token.actions.githubusercontent.com")
    read = judge.verified(token, published("good"))
    assert repr(read) == repr(by_jwt(token) if judge.key_id(token) == "k1" else None)  # NaN is not itself


@pytest.mark.parametrize("odd", ["!!!!", "\n\n\n\n", "éééé", "unused bits", "the other alphabet"])
def test_a_signature_has_one_spelling(judge: ActionsOidc, odd: str) -> None:
    """A lenient decoder would read the same bytes from it: then one batch would have many tokens that count."""
    rest, _, proof = signed().rpartition(".")
    content = base64.urlsafe_b64decode(f"{proof}==")
    others = {
        "unused bits": proof[:-1] + chr(ord(proof[-1]) + 1),
        "the other alphabet": base64.b64encode(content).decode().rstrip("="),
    }
    spelling = others.get(odd, f"{proof[:8]}{odd}{proof[8:]}")
    read = base64.b64decode(spelling.encode().translate(bytes.maketrans(b"-_", b"+/")) + b"==")
    assert (read, spelling != proof) == (content, True)
    assert judge.verified(f"{rest}.{spelling}", published("good")) is None


def rightly_signed(payload: str) -> str:
    """A token with this payload, as it is spelled."""
    unsigned = f"{spelled({'alg': 'RS256', 'kid': 'k1'}).partition('.')[0]}.{payload}"
    proof = key("good").sign(unsigned.encode(), PKCS1v15(), hashes.SHA256())
    return f"{unsigned}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"


@pytest.mark.parametrize("payload", ["[]", "7", "null", '"x"', "true"])
def test_what_is_signed_and_no_object_has_no_claims(judge: ActionsOidc, payload: str) -> None:
    """Whoever reads them asks for names."""
    token = rightly_signed(base64.urlsafe_b64encode(payload.encode()).decode().rstrip("="))
    assert judge.verified(token, published("good")) is None


@pytest.mark.parametrize("part", [1, 2])
def test_what_is_spelled_otherwise_is_judged_by_jwt(
    judge: ActionsOidc, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """Not by how it looks here: a payload, rightly signed so, or a signature."""
    parts = signed().split(".")
    odd = f"{parts[part][:8]}!!!!{parts[part][8:]}"
    token = rightly_signed(odd) if part == 1 else ".".join((*parts[:2], odd))
    assert judge.verified(token, published("good")) is None
    monkeypatch.setattr(jwt, "decode", lambda *_, **__: {"judged": "there"})
    assert judge.verified(token, published("good")) == {"judged": "there"}


def test_what_the_issuer_spells_is_read_in_few_steps(
    judge: ActionsOidc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`jwt.decode`, which looks at each character, is asked of odd tokens alone."""
    monkeypatch.delattr(jwt, "decode")
    assert judge.verified(signed(), published("good")) == CLAIMS


def test_a_token_without_end_is_not_read(judge: ActionsOidc) -> None:
    """A token far longer than any of GitHub's is refused before it is taken apart, though well signed."""
    assert judge.verified(signed(padding="x" * 11_000), published("good")) is not None
    assert judge.verified(signed(padding="x" * 13_000), published("good")) is None


@pytest.mark.parametrize(("more", "read"), [(0, "k1"), (1, "")])
def test_the_longest_token_is_read(judge: ActionsOidc, more: int, read: str) -> None:
    """To the character."""
    starts = (spelled({"alg": "RS256", "kid": "k1"}, "y" * number) for number in range(3))
    start = next(each for each in starts if (TOKEN_READ - len(each)) % 4 > 1)  # the rest can be decoded
    assert judge.key_id(start + "A" * (TOKEN_READ - len(start) + more)) == read


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}", '{"kty": "RSA"}', '{"kty": "RSA", "n": 1, "e": "AQAB"}', '{"kty": "oct", "k": "AA"}'],
)
def test_a_broken_key_proves_nothing(judge: ActionsOidc, text: str) -> None:
    """A key that does not read counts as no key."""
    assert judge.verified(signed(), {"k1": text}) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://token.actions.githubusercontent.com",
        "http://127.0.0.1.evil.example:80",
        "http://127.0.0.1:80@evil.example",
        "http://localhost:1",
        "",
    ],
)
def test_keys_come_over_tls_alone(url: str) -> None:
    """An issuer that is reached in the clear, and is not this machine, is not even asked for its keys."""
    with pytest.raises(DeniedError, match="TLS"):
        ActionsOidc(url).keys()


@pytest.mark.parametrize("own", [True, False])
def test_an_issuer_over_tls_is_asked(monkeypatch: pytest.MonkeyPatch, *, own: bool) -> None:
    """Whatever its name; a moment passes before it is asked again, by the caller's own way to wait if there is one."""
    asked, slept, others = list[str](), list[float](), list[float]()

    def refuse(_: requests.Session, url: str, **_others: object) -> None:
        asked.append(url)
        raise requests.exceptions.ConnectionError

    monkeypatch.setattr(requests.Session, "get", refuse)
    monkeypatch.setattr(time, "sleep", others.append if own else slept.append)
    with pytest.raises(UnavailableError, match="does not answer"):
        ActionsOidc("https://token.example", sleep=slept.append if own else None).keys()
    assert asked == ["https://token.example/.well-known/jwks"] * 5
    assert (slept, others) == ([0.5, 1, 2, 4], [])


@pytest.mark.parametrize(
    "url", ["http://token.example/x", "http://127.0.0.1.evil.example", "ftp://127.0.0.1/"]
)
def test_a_token_is_asked_for_in_private_alone(url: str) -> None:
    """The run's bearer token goes nowhere without TLS, except to this machine."""
    with pytest.raises(DeniedError, match="nothing is sent there"):
        ActionsOidc("https://x.example", request_url=url).token("sts.amazonaws.com")


def test_a_token_needs_a_job() -> None:
    """Outside a job that may have tokens the refusal says which permission is missing."""
    with pytest.raises(DeniedError, match="id-token: write"):
        ActionsOidc("https://x.example").token("sts.amazonaws.com")


@pytest.fixture(scope="module")
def github() -> Iterator[GitHubSandbox]:
    """An embedded GitHub with one repository, as an issuer."""
    with GitHubSandbox(Clock()) as running:
        running.add_user("olivia", 1009, permission="admin")
        running.create_repository("acme/access", {"README.md": b"x\n"})
        yield running


def in_job(github: GitHubSandbox) -> ActionsOidc:
    """The issuer as a job of grant.yml sees it."""
    github.faults = None
    environ = github.run_environment(workflow="grant.yml")
    return ActionsOidc(
        github.issuer + "/",
        request_url=environ["ACTIONS_ID_TOKEN_REQUEST_URL"],
        request_token=environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
        sleep=lambda _: None,
    )


def test_a_jobs_token_verifies_with_the_published_keys(github: GitHubSandbox) -> None:
    """The token that a job gets is for the audience it asked for, and the published keys prove it."""
    issuer = in_job(github)
    token, keys = issuer.token("jitbot-ledger:abc"), issuer.keys()
    claims = issuer.verified(token, keys)
    assert claims is not None
    assert claims["aud"] == "jitbot-ledger:abc"
    assert claims["job_workflow_ref"] == "acme/access/.github/workflows/grant.yml@refs/heads/main"
    assert list(keys) == [issuer.key_id(token)]


def test_keys_are_asked_for_once_in_a_run(github: GitHubSandbox) -> None:
    """However many tokens they are to prove."""
    issuer, asked = in_job(github), list[str]()
    github.faults = lambda _, path: asked.append(path)
    assert issuer.keys() == issuer.keys() != {}
    assert len(asked) == 1


def test_several_tokens_take_one_connection() -> None:
    """As TLS makes one dear: a run asks for some three. The bearer of one answer is not sent with the next question."""
    ports, bearers = set[int](), list[str | None]()

    class Keeping(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            ports.add(self.client_address[1])
            bearers.append(self.headers["Authorization"])
            content = b'{"value": "a.b.c", "keys": []}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Keeping) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_address[1]}"
        issuer = ActionsOidc(here, request_url=f"{here}/token?a=b", request_token="secret")
        assert (issuer.token("one"), issuer.keys(), issuer.token("two")) == ("a.b.c", {}, "a.b.c")
        server.shutdown()
    assert (len(ports), bearers) == (1, ["Bearer secret", None, "Bearer secret"])


def test_an_expired_token_still_verifies(github: GitHubSandbox) -> None:
    """A token that has expired since proves its signature as before."""
    issuer = in_job(github)
    token = issuer.token("jitbot-ledger:abc")
    github.clock.advance(timedelta(days=400))
    assert issuer.verified(token, issuer.keys()) is not None


def test_a_job_without_the_right_bearer_gets_no_token(github: GitHubSandbox) -> None:
    """Whoever does not hold the run's own bearer gets no token."""
    github.faults = None
    environ = github.run_environment(workflow="grant.yml")
    issuer = ActionsOidc(
        github.issuer, request_url=environ["ACTIONS_ID_TOKEN_REQUEST_URL"], request_token="guessed"
    )
    with pytest.raises(UnavailableError, match="401"):
        issuer.token("sts.amazonaws.com")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (GitHubFault(status=500), "answered 500"),
        (GitHubFault(status=None), "does not answer"),
        (GitHubFault(status=200, body=b"<html>"), "not JSON"),
        (GitHubFault(status=200, body=b"[1]"), "not an object"),
        (GitHubFault(status=200, body=b"{}"), "without"),
        (GitHubFault(status=200, body=b'{"value": null, "keys": {"a": 1}}'), "without"),
    ],
)
@pytest.mark.parametrize("asked", ["token", "keys"])
def test_an_unusable_answer_is_unavailable(
    github: GitHubSandbox, fault: GitHubFault, said: str, asked: str
) -> None:
    """Whatever else the issuer answers, nothing is concluded from it, and the words say what came."""
    issuer = in_job(github)
    github.faults = lambda *_: fault
    with pytest.raises(UnavailableError, match=said):
        issuer.token("a") if asked == "token" else issuer.keys()


def test_what_is_no_key_is_left_out(github: GitHubSandbox) -> None:
    """An entry of the key set without an id is not taken for a key."""
    issuer = in_job(github)
    body = json.dumps({"keys": [1, None, {"kty": "RSA"}, {"kty": "RSA", "kid": "k9"}]}).encode()
    github.faults = lambda *_: GitHubFault(status=200, body=body)
    assert list(issuer.keys()) == ["k9"]


PASSING = [
    GitHubFault(status=500),
    GitHubFault(status=503),
    GitHubFault(status=429),
    GitHubFault(status=403),
    GitHubFault(status=None),
    GitHubFault(status=200, body=b"<html>"),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda each: str(each.status))
@pytest.mark.parametrize("asked", ["token", "keys"])
def test_what_passes_is_asked_again(github: GitHubSandbox, fault: GitHubFault, asked: str) -> None:
    """Four bad moments in a row cost pauses that grow, and not the run."""
    issuer, slept = in_job(github), list[float]()
    issuer._sleep = slept.append
    left = iter([fault] * 4)
    github.faults = lambda *_: next(left, None)
    assert issuer.token("a") if asked == "token" else issuer.keys()
    assert slept == sorted(slept)
    assert len(slept) == 4


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_of_the_issuer_is_final(github: GitHubSandbox, status: int) -> None:
    """A no is asked for once."""
    issuer, asked = in_job(github), list[str]()
    github.faults = lambda _, path: asked.append(path) or GitHubFault(status=status)  # type: ignore[func-returns-value]
    with pytest.raises(UnavailableError, match=str(status)):
        issuer.token("a")
    assert len(asked) == 1


@pytest.mark.parametrize("asked", ["token", "keys"])
def test_a_redirect_of_the_issuer_is_not_followed(github: GitHubSandbox, asked: str) -> None:
    """A redirect is an error: neither the run's bearer token nor the question for keys goes anywhere else."""
    issuer, paths = in_job(github), list[str]()
    there = GitHubFault(status=302, headers={"Location": f"{github.url}/elsewhere"})
    github.faults = lambda _, path: paths.append(path) or there  # type: ignore[func-returns-value]
    with pytest.raises(UnavailableError, match="302"):
        issuer.token("a") if asked == "token" else issuer.keys()
    assert len(paths) == 1
    assert "/elsewhere" not in paths
