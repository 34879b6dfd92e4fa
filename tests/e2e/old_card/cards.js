/**
 * The dashboard cards that are out there, as far as a server can tell: what they say, when
 * they say it, and what they do not understand.
 */

const PEER_OPTIONS = {
  iceServers: [],
  iceTransportPolicy: "all",
  bundlePolicy: "max-bundle",
  rtcpMuxPolicy: "require",
};

const MICROPHONE = {
  audio: {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    sampleRate: 16000,
    channelCount: 1,
  },
};

class Card {
  constructor(url) {
    this.url = url;
    this.received = [];
    this.sent = [];
  }

  /** Open the socket: a card's address has no path. */
  open() {
    this.socket = new WebSocket(this.url);
    this.socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    return new Promise((resolve) => (this.socket.onopen = resolve));
  }

  say(message) {
    this.sent.push(message.type);
    this.socket.send(JSON.stringify(message));
  }

  hear(message) {
    this.received.push(message.type);
    this[message.type]?.(message); // what it does not know it ignores, errors too
  }

  newPeer() {
    this.peer?.close();
    this.peer = new RTCPeerConnection(PEER_OPTIONS);
    return this.peer;
  }

  /** No code is given, so none arrives. */
  close() {
    this.peer?.close();
    this.socket.close();
  }
}

class ReceivingCard extends Card {
  selected = null;

  /** Ask at once for anything; what the greeting lists is asked for a moment later. */
  async start() {
    await this.open();
    this.listen();
  }

  listen(stream_id) {
    this.newPeer().ontrack = ({ streams }) => {
      document.querySelector("audio").srcObject = streams[0];
    };
    this.say({ type: "start_receiving", ...(stream_id && { stream_id }) });
  }

  available_streams({ streams }) {
    const newest = streams.at(-1);
    if (!newest || newest === this.selected) return;
    this.selected = newest;
    this.listen(newest);
  }

  stream_available({ stream_id }) {
    this.available_streams({ streams: [stream_id] });
  }

  stream_ended({ stream_id }) {
    if (stream_id !== this.selected) return;
    this.selected = null;
    this.newPeer();
  }

  async webrtc_offer({ offer }) {
    const { peer } = this;
    await peer.setRemoteDescription(offer);
    await peer.setLocalDescription(await peer.createAnswer());
    const { type, sdp } = peer.localDescription;
    this.say({ type: "webrtc_answer", answer: { type, sdp } });
  }

  /** What a card does when the person picks a stream: stop, and start on the same socket. */
  async switchTo(stream_id) {
    this.say({ type: "stop_stream" });
    this.newPeer();
    this.selected = stream_id;
    await new Promise((resolve) => setTimeout(resolve, 200));
    this.listen(stream_id);
  }
}

class SendingCard extends Card {
  async start() {
    this.microphone = await navigator.mediaDevices.getUserMedia(MICROPHONE);
    await this.open();
    this.say({ type: "start_sending" });
  }

  async sender_ready() {
    const peer = this.newPeer();
    for (const track of this.microphone.getTracks()) peer.addTrack(track, this.microphone);
    await peer.setLocalDescription(await peer.createOffer());
    const { type, sdp } = peer.localDescription;
    this.say({ type: "webrtc_offer", offer: { type, sdp } });
  }

  async webrtc_answer({ answer }) {
    await this.peer.setRemoteDescription(answer);
  }

  stop() {
    this.say({ type: "stop_stream" });
    this.peer.close();
    this.microphone.getTracks().forEach((track) => track.stop());
    this.close();
  }
}
