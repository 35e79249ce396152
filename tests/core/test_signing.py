"""Signatures of webhooks, against the reference implementation."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from rcli.signing import BadKey, Unverified, check_key, new_key, sign, signed_headers, verify

BODY = '{"id": "abc", "output": "ä → 🐈"}'.encode()
NOW = 1_700_000_000
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_signature_is_the_one_that_the_specification_gives() -> None:
    signature = sign(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_reference_implementation_accepts_what_is_signed_here() -> None:
    key = new_key()

    headers = signed_headers(key, "msg_1", int(time.time()), BODY)

    assert Webhook(key).verify(BODY, headers) == json.loads(BODY)


def test_the_reference_implementation_refuses_what_was_changed() -> None:
    key = new_key()
    headers = signed_headers(key, "msg_1", int(time.time()), BODY)

    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(BODY + b" ", headers)


def test_what_the_reference_implementation_signs_is_verified_here() -> None:
    signature = Webhook(KEY).sign("msg_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(NOW), "Webhook-Signature": signature}

    verify(KEY, headers, BODY, now=NOW)
    with pytest.raises(Unverified):
        verify(new_key(), headers, BODY, now=NOW)


def test_one_good_signature_among_several_is_enough() -> None:
    headers = signed_headers(KEY, "msg_1", NOW, BODY)
    others = f"v1,AAAA v1a,{'B' * 43}= ü {headers['webhook-signature']} v2,x"

    verify(KEY, headers | {"webhook-signature": others}, BODY, now=NOW)


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"webhook-id": "msg_2"}, "signature"),
        ({"webhook-id": ""}, "headers"),
        ({"webhook-signature": "v1,"}, "signature"),
        ({"webhook-signature": ""}, "headers"),
        ({"webhook-timestamp": str(NOW + 1)}, "signature"),
        ({"webhook-timestamp": "soon"}, "timestamp"),
        ({"webhook-timestamp": "²"}, "timestamp"),
        ({"webhook-timestamp": "9" * 5000}, "timestamp"),
    ],
)
def test_a_refusal_tells_which_check_failed(changed: dict[str, str], check: str) -> None:
    headers = signed_headers(KEY, "msg_1", NOW, BODY) | changed

    with pytest.raises(Unverified) as refusal:
        verify(KEY, headers, BODY, now=NOW)

    assert refusal.value.check == check


def test_a_signature_of_another_version_does_not_count() -> None:
    headers = signed_headers(KEY, "msg_1", NOW, BODY)
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v2,")

    with pytest.raises(Unverified, match="no signature"):
        verify(KEY, headers, BODY, now=NOW)


@pytest.mark.parametrize("away", [-300, 0, 300])
def test_a_time_within_five_minutes_is_accepted(away: int) -> None:
    verify(KEY, signed_headers(KEY, "msg_1", NOW + away, BODY), BODY, now=NOW)


@pytest.mark.parametrize("away", [-301, 301])
def test_a_time_beyond_five_minutes_is_refused_although_it_is_signed(away: int) -> None:
    with pytest.raises(Unverified) as refusal:
        verify(KEY, signed_headers(KEY, "msg_1", NOW + away, BODY), BODY, now=NOW)

    assert refusal.value.check == "timestamp"
    assert refusal.value.message == "the message's time is 301 seconds away, 300 are allowed"


def test_a_key_has_one_underscore_because_clients_split_it_there() -> None:
    keys = {new_key() for _ in range(200)}

    assert len(keys) == 200
    assert {key.count("_") for key in keys} == {1}
    assert all(key.startswith("whsec_") and "-" not in key for key in keys)


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_a-b_", "whsec_ä", "whsec_A"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(BadKey):
        check_key(key)
