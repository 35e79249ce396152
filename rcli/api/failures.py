"""What went wrong, as rcli's errors: from failed connections and from answers that are no success.

The client alone calls these. Texts of the server are kept as they came: the screen makes them safe to show.
"""

from __future__ import annotations

import socket
import ssl
import time
from json import JSONDecodeError

import httpx

from rcli.api.network import proxy_for
from rcli.api.retry import asked_wait, causes
from rcli.api.trace import redacted_url
from rcli.credentials import Token, doubts, sign_in_hint
from rcli.errors import (
    InvalidInput,
    NoAnswer,
    NoCredit,
    NotAllowed,
    NotFound,
    RateLimited,
    RcliError,
    UsageError,
)
from rcli.records import Json
from rcli.settings import LOCAL, REPLICATE, Host

CONNECT_TIMEOUT = 10.0
_CHECK_ADDRESS = "check the host's address: rcli config list"
_CHECK_NETWORK = "check the network connection"


class Disconnected(NoAnswer):
    """No connection came about, or it broke: another try may bring the answer."""


def no_answer(error: httpx.HTTPError, url: str) -> NoAnswer:
    """A sentence and a hint for a failure below HTTP."""
    place = _place(httpx.URL(url))
    match error:
        case httpx.ConnectTimeout():
            return Disconnected(f"{place} did not answer within {CONNECT_TIMEOUT:.0f} s", hint=_CHECK_NETWORK)
        case httpx.TimeoutException():
            return Disconnected(f"{place} went silent before its answer was complete", hint="try again later")
        case httpx.ProxyError():
            return NoAnswer(
                f"no way through the proxy to {place}: {error}", hint="check HTTPS_PROXY, NO_PROXY"
            )
        case httpx.UnsupportedProtocol():
            return NoAnswer(f"no way to {place}: {error}", hint=_CHECK_ADDRESS)
        case httpx.TooManyRedirects():
            return NoAnswer(f"{place} redirects in circles", hint=_CHECK_ADDRESS)
        case httpx.ConnectError():
            return _no_proxy(error, httpx.URL(url)) or _no_connection(error, place)
        case httpx.TransportError():
            return Disconnected(f"the connection to {place} broke: {error}", hint="try again")
    return NoAnswer(f"the answer of {place} cannot be read: {error}", hint=_CHECK_ADDRESS)


def no_address(error: Exception, url: str) -> NoAnswer:
    return NoAnswer(f"{redacted_url(url)} is no address: {error}", hint=_CHECK_ADDRESS)


def elsewhere(url: httpx.URL) -> NoAnswer:
    return NoAnswer(f"the list goes on at another host, {_place(url) or url}", hint=_CHECK_ADDRESS)


def no_api(response: httpx.Response) -> NoAnswer:
    """The error for an answer that an API would not give: a captive portal's page, or a wrong address."""
    what = "a web page" if _is_page(response) else "something that is not JSON"
    return NoAnswer(
        f"{_place(response.url)} answered with {what}: that is not Replicate's API",
        hint="sign in to this network if it asks for that, or check the host's address: rcli config list",
    )


def refusal(response: httpx.Response, host: Host, token: Token | None) -> RcliError:
    """The error for an answer that was read and is no success. Any key of its problem may be missing.

    ``token`` is what was shown.
    """
    status = response.status_code
    if _is_page(response) and status < 500 and status not in (413, 429):
        return no_api(response)
    problem = _problem(response)
    said = _said(response, problem)
    match status:
        case 400:
            return UsageError(said)
        case 401:
            return _not_let_in(said, host, token)
        case 403:
            return NotAllowed(said, hint=_whose(host))
        case 402:
            return NoCredit(said, hint=_billing(host))
        case 404 | 410:
            return NotFound(said)
        case 413:
            advice = "shorten the text, or put the file on the web and give the model its address"
            return UsageError(said, hint=advice)
        case 422:
            hint = problem.get("hint")
            return InvalidInput(_invalid(said, problem), hint=hint if isinstance(hint, str) else None)
        case 429:
            wait = asked_wait(response, time.time())
            return RateLimited(said, hint=None if wait is None else f"try again in {wait:.0f} s")
    if status >= 500:
        return NoAnswer(f"{_place(response.url)} answered {status}: {said}", hint="try again later")
    return _redirected(response) if status < 400 else RcliError(said)


def foreign_refusal(response: httpx.Response) -> RcliError:
    """The error for an answer of a host that is not the API's: most often a file that has expired."""
    status = response.status_code
    said = f"{_place(response.url)} answered {status} {response.reason_phrase}".strip()
    match status:
        case 403 | 404 | 410:
            return NotFound(said, hint="the file may have expired: outputs of API predictions last an hour")
        case 429:
            return RateLimited(said, hint="try again later")
    return NoAnswer(said, hint="try again later") if status >= 500 else RcliError(said)


def _no_proxy(error: httpx.ConnectError, url: httpx.URL) -> NoAnswer | None:
    """What lies beyond a proxy is the proxy's to find; certificates alone are the service's own."""
    proxy = proxy_for(url)
    if proxy is None or any(isinstance(cause, ssl.SSLError) for cause in causes(error)):
        return None
    message = f"the proxy {_place(httpx.URL(proxy))} does not answer: {error}"
    return Disconnected(message, hint="check HTTPS_PROXY, NO_PROXY")


def _no_connection(error: httpx.ConnectError, place: str) -> NoAnswer:
    for cause in causes(error):
        match cause:
            case socket.gaierror():
                hint = f"{_CHECK_NETWORK}, and the host's address: rcli config list"
                return Disconnected(f"the name of {place} cannot be resolved", hint=hint)
            case ConnectionRefusedError():
                return Disconnected(f"nothing answers at {place}: connection refused", hint=_CHECK_ADDRESS)
            case ssl.SSLCertVerificationError():
                return NoAnswer(
                    f"the certificate of {place} is not trusted: {cause.verify_message}",
                    hint=_mend_trust(cause.verify_code),
                )
            case ssl.SSLError():
                return NoAnswer(f"{place} does not speak TLS: {cause.reason}", hint=_CHECK_ADDRESS)
    return Disconnected(f"no connection to {place}: {error}", hint=_CHECK_NETWORK)


def _mend_trust(code: int) -> str:
    """9 and 10 are OpenSSL's numbers for a certificate that is not valid yet, or no more."""
    if code in (9, 10):
        now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        return f"is this machine's clock right? It says {now}"
    return "SSL_CERT_FILE names the file of a certificate authority of your own"


def _redirected(response: httpx.Response) -> NoAnswer:
    target = redacted_url(response.headers.get("location", "nowhere"))
    return NoAnswer(f"{_place(response.url)} redirects to {target}", hint=_CHECK_ADDRESS)


def _not_let_in(said: str, host: Host, token: Token | None) -> NotAllowed:
    if token is None:
        return NotAllowed(f"not signed in to {host.name}", hint=sign_in_hint(host))
    return NotAllowed(said + doubts(host, token.secret), hint=sign_in_hint(host, token.origin))


def _whose(host: Host) -> str | None:
    """Who may do it has another account, or one that belongs to an organization."""
    return None if host.name == LOCAL else f"who you are there: rcli auth status --host {host.name}"


def _billing(host: Host) -> str | None:
    return "https://replicate.com/account/billing" if host.name == REPLICATE else None


def _problem(response: httpx.Response) -> Json:
    try:
        found = response.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _said(response: httpx.Response, problem: Json) -> str:
    """What the server says went wrong, as short as it says it."""
    for key in ("detail", "title"):
        if isinstance(text := problem.get(key), str) and text.strip():
            return text.strip()
    plain = response.headers.get("content-type", "").startswith("text/plain")
    if plain and response.text.strip() and len(response.text) < 300:
        return response.text.strip()
    return f"{response.status_code} {response.reason_phrase}".strip()


def _invalid(said: str, problem: Json) -> str:
    fields = problem.get("invalid_fields")
    lines = [
        f"  {row.get('field') or 'input'}: {row.get('description') or row.get('type') or 'not accepted'}"
        for row in (fields if isinstance(fields, list) else [])
        if isinstance(row, dict)
    ]
    return "\n".join([problem.get("title") or "the input is not accepted", *lines]) if lines else said


def _is_page(response: httpx.Response) -> bool:
    return str(response.headers.get("content-type", "")).lower().startswith("text/html")


def _place(url: httpx.URL) -> str:
    return url.netloc.decode("ascii").rpartition("@")[2]
