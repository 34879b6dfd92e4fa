"""
The order of the signaling protocol, for one connection.

Rule 1: everything about order lives in this file.
Rule 2: a message that its state does not list is `UnexpectedMessage`, and the state stays.

What happens to the media feeds the same table: a peer that ends, for whatever reason,
counts as a `StopStream`.
"""

import enum

from relay.errors import UnexpectedMessage
from relay.signaling.client_messages import (
    Answer,
    ClientMessage,
    GetAvailableStreams,
    Hush,
    Ignored,
    MoveTo,
    Offer,
    Ping,
    Resume,
    SetLookback,
    SetMuted,
    StartFeatures,
    StartReceiving,
    StartReceivingFrames,
    StartSending,
    StartSendingFrames,
    StopFeatures,
    StopStream,
    SubscribeVisualization,
    Unhush,
    UnsubscribeVisualization,
)


class SignalingState(enum.Enum):
    IDLE = "idle"
    """Connected; neither sends nor receives."""

    AWAITING_OFFER = "awaiting_offer"
    """Allowed to send; its session description is due."""

    SENDING = "sending"
    """Answered; media is on its way or flows, over UDP or in frames of the socket."""

    AWAITING_ANSWER = "awaiting_answer"
    """Wants to hear; our offer is out, or held for a moment."""

    RECEIVING = "receiving"
    """Its answer is here, or none is needed; media is on its way, flows, or waits for another stream."""


IDLE, AWAITING_OFFER, SENDING, AWAITING_ANSWER, RECEIVING = SignalingState

# Allowed everywhere, and changing nothing about the order.
ANYTIME = (
    GetAvailableStreams,
    SubscribeVisualization,
    UnsubscribeVisualization,
    StartFeatures,
    StopFeatures,
    Ping,
    Hush,
    Unhush,
    SetLookback,
    Ignored,
)

# A new start replaces whatever went on before.
_ALWAYS: dict[type[ClientMessage], SignalingState] = {
    StartSending: AWAITING_OFFER,
    StartReceiving: AWAITING_ANSWER,
    StartSendingFrames: SENDING,
    StartReceivingFrames: RECEIVING,
    StopStream: IDLE,
}

TRANSITIONS: dict[SignalingState, dict[type[ClientMessage], SignalingState]] = {
    # Resuming takes over the state of the connection that was lost.
    IDLE: {**_ALWAYS, Resume: IDLE},
    AWAITING_OFFER: {**_ALWAYS, Offer: SENDING, SetMuted: AWAITING_OFFER},
    SENDING: {**_ALWAYS, SetMuted: SENDING},
    AWAITING_ANSWER: {**_ALWAYS, Answer: RECEIVING},
    RECEIVING: {**_ALWAYS, MoveTo: RECEIVING},
}


def advance(state: SignalingState, message: ClientMessage) -> SignalingState:
    """Return the state after ``message``. Raises `UnexpectedMessage`."""
    if isinstance(message, ANYTIME):
        return state
    try:
        return TRANSITIONS[state][type(message)]
    except KeyError:
        raise UnexpectedMessage(
            f"{message.type!r} does not fit here: the connection is {state.value}"
        ) from None
