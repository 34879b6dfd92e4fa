"""The order of the protocol."""

import pytest

from relay.errors import UnexpectedMessage
from relay.signaling import client_messages as c
from relay.signaling.state import ANYTIME, TRANSITIONS, SignalingState, advance

S = SignalingState


def walk(*steps: c.ClientMessage) -> SignalingState:
    state = S.IDLE
    for message in steps:
        state = advance(state, message)
    return state


def test_a_sender_goes_from_question_to_media() -> None:
    """start_sending, then the offer: the connection sends."""
    assert walk(c.StartSending()) is S.AWAITING_OFFER
    assert walk(c.StartSending(), c.Offer("")) is S.SENDING
    assert walk(c.StartSending(), c.Offer(""), c.SetMuted(True)) is S.SENDING


def test_a_receiver_goes_from_question_to_media() -> None:
    """start_receiving, then the answer: the connection receives."""
    assert walk(c.StartReceiving()) is S.AWAITING_ANSWER
    assert walk(c.StartReceiving(), c.Answer("")) is S.RECEIVING


def test_only_who_receives_moves() -> None:
    """To another stream, and it receives as before."""
    assert advance(S.RECEIVING, c.MoveTo("hall")) is S.RECEIVING
    for state in set(S) - {S.RECEIVING}:
        with pytest.raises(UnexpectedMessage):
            advance(state, c.MoveTo("hall"))


@pytest.mark.parametrize("state", list(S))
def test_a_new_start_replaces_and_a_stop_ends_in_every_state(
    state: SignalingState,
) -> None:
    """Starting anew and stopping are always possible."""
    assert advance(state, c.StartSending()) is S.AWAITING_OFFER
    assert advance(state, c.StartReceiving()) is S.AWAITING_ANSWER
    assert advance(state, c.StopStream()) is S.IDLE


def test_only_an_idle_connection_resumes() -> None:
    """Whoever does something already has nothing to resume."""
    assert advance(S.IDLE, c.Resume("t")) is S.IDLE
    for state in set(S) - {S.IDLE}:
        with pytest.raises(UnexpectedMessage):
            advance(state, c.Resume("t"))


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("kind", ANYTIME)
def test_questions_change_nothing(
    state: SignalingState, kind: type[c.ClientMessage]
) -> None:
    """Asking, subscribing and pinging fit everywhere."""
    assert advance(state, kind()) is state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (state, message)
        for state in S
        for message in (c.Offer(""), c.Answer(""), c.SetMuted(True))
        if type(message) not in TRANSITIONS[state]
    ],
)
def test_the_right_message_at_the_wrong_moment_is_an_error(
    state: SignalingState, message: c.ClientMessage
) -> None:
    """What the table does not list is unexpected, and says what the connection is doing."""
    with pytest.raises(UnexpectedMessage, match=state.value):
        advance(state, message)
