/** Small working stand-ins for what a browser gives: time, a socket, a peer connection, microphones. */

export class FakeClock {
  #now = 0;
  #timers = new Set();

  now = () => this.#now;

  after = (delay_ms, action) => {
    const timer = { at: this.#now + delay_ms, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** How many timers wait. */
  get waiting() {
    return this.#timers.size;
  }

  /** Let time pass, with every timer at its moment and every promise between. */
  async pass(duration_ms) {
    const end = this.#now + duration_ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.action();
    }
    this.#now = end;
    await settled();
  }
}

/** Let all promises that can go on do so. */
export async function settled() {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** Make a class of sockets that remembers the sockets made of it. */
export function fakeSockets() {
  return class FakeSocket {
    static made = [];
    static get newest() {
      return this.made.at(-1);
    }

    sent = [];
    closedWith = null;
    onopen = null;
    onmessage = null;
    onclose = null;

    constructor(url) {
      this.url = url;
      FakeSocket.made.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    /** Everything that was said, in order, by its type. */
    get words() {
      return this.sent.map(({ type }) => type);
    }

    close(code) {
      this.closedWith = code ?? "no code";
    }

    /** The messages of a type that were said. */
    said(type) {
      return this.sent.filter((message) => message.type === type);
    }

    opens() {
      this.onopen?.();
    }

    /** The relay says something. */
    hears(message) {
      this.onmessage?.({ data: JSON.stringify(message) });
    }

    breaks() {
      this.onclose?.({ code: 1006 });
    }
  };
}

/** Make a class of peer connections that remembers those made of it. */
export function fakePeers() {
  return class FakePeer {
    static made = [];
    static get newest() {
      return this.made.at(-1);
    }

    connectionState = "new";
    localDescription = null;
    remoteDescription = null;
    packets = 0;
    closed = false;
    track = null;
    receiver = { jitterBufferTarget: null };
    /** What its statistics say beyond the packets. */
    inbound = {};
    ontrack = null;
    onconnectionstatechange = null;

    constructor(configuration) {
      this.configuration = configuration;
      FakePeer.made.push(this);
    }

    addTransceiver(track, { direction }) {
      this.track = track;
      this.direction = direction;
      return { sender: { replaceTrack: async (other) => void (this.track = other) } };
    }

    async createOffer() {
      return { type: "offer", sdp: "the page's offer" };
    }

    async createAnswer() {
      return { type: "answer", sdp: "the page's answer" };
    }

    async setLocalDescription(description) {
      this.localDescription = description;
    }

    async setRemoteDescription(description) {
      if (description.sdp === "nonsense") throw new Error("this is no SDP");
      this.remoteDescription = description;
      if (description.type === "offer") {
        this.media = { name: `media ${FakePeer.made.length}` };
        this.ontrack?.({ track: {}, streams: [this.media] });
      }
    }

    getReceivers() {
      return [this.receiver];
    }

    async getStats() {
      const inbound = { type: "inbound-rtp", packetsReceived: this.packets, ...this.inbound };
      return new Map([["in", inbound]]);
    }

    close() {
      this.closed = true;
    }

    /** What the network does to it. */
    becomes(state) {
      this.connectionState = state;
      this.onconnectionstatechange?.();
    }
  };
}

/** What the relay tells of a stream. */
export function details(stream_id, fields = {}) {
  return {
    stream_id,
    name: null,
    slug: null,
    state: "live",
    muted: false,
    receivers: 0,
    listeners: 0,
    started_at: 1_790_000_000,
    muted_by_house: false,
    gated: false,
    hearing: { good: 0, weak: 0, bad: 0, worst_loss_percent: 0 },
    ...fields,
  };
}

/** The relay's list of streams. */
export function list(...streams) {
  return {
    type: "available_streams",
    streams: streams.map(({ stream_id }) => stream_id),
    details: streams,
    ice_servers: [],
  };
}

/** What the relay says when it refuses. */
export function refusal(code, request = null) {
  return { type: "error", code, message: `the relay's words about ${code}`, request };
}
