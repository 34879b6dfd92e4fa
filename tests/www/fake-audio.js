/** Small working stand-ins for the sound of a browser: contexts, worklets and codecs. */

/** Put the classes in place of the browser's; returns what was made of them, and what takes them away. */
export function fakeAudio({ worklets = true, sounds = true } = {}) {
  const made = { contexts: [], nodes: [], sources: [], modules: [] };

  class FakeContext {
    state = "suspended";
    currentTime = 0;
    baseLatency = 0.01;
    outputLatency = 0.02;
    audioWorklet = {
      addModule: async (address) => {
        if (!worklets) throw new Error("this page is not secure");
        made.modules.push(address);
      },
    };

    constructor(options) {
      this.sampleRate = options?.sampleRate ?? 48_000;
      made.contexts.push(this);
    }

    async resume() {
      if (!sounds) return new Promise(() => {}); // it waits for a touch, or for a loudspeaker
      if (this.state === "suspended") this.state = "running";
    }

    async close() {
      this.state = "closed";
    }

    createMediaStreamDestination() {
      return { stream: { name: "what is played" } };
    }

    createBuffer(channels, length, sampleRate) {
      const samples = new Float32Array(length);
      return { length, sampleRate, getChannelData: () => samples };
    }
  }

  class FakeNode {
    port = { onmessage: null, said: [], postMessage: (message) => this.port.said.push(message) };
    to = null;

    constructor(context, name) {
      this.context = context;
      this.name = name;
      made.nodes.push(this);
    }

    connect(other) {
      this.to = other;
    }

    /** The worklet says something. */
    says(data) {
      this.port.onmessage({ data });
    }
  }

  class FakeSource {
    to = null;
    startedAt = null;

    constructor(context, options) {
      this.track = options.mediaStream?.track ?? null;
      this.samples = options.buffer?.getChannelData(0) ?? null;
      made.sources.push(this);
    }

    connect(other) {
      this.to = other;
    }

    disconnect() {
      this.to = null;
    }

    start(at) {
      this.startedAt = at;
    }
  }

  const classes = {
    AudioContext: FakeContext,
    AudioWorkletNode: FakeNode,
    AudioBufferSourceNode: FakeSource,
    MediaStreamAudioSourceNode: FakeSource,
    MediaStreamAudioDestinationNode: class {
      track = { name: "what comes out" };
      stream = { getAudioTracks: () => [this.track] };
    },
    MediaStream: class {
      constructor([track]) {
        this.track = track;
      }
    },
  };
  const page = new EventTarget();
  const listening = {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  };
  const names = Object.keys({ ...classes, ...listening });
  const before = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
  Object.assign(globalThis, classes, listening);
  return {
    ...made,
    /** The person touches the page. */
    touch: () => page.dispatchEvent(new Event("pointerup")),
    restore: () => Object.assign(globalThis, before),
  };
}
