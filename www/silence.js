/** A track that is silent, to keep a stream alive while no microphone is open. */

export class Silence {
  #context = new AudioContext();
  #source = new ConstantSourceNode(this.#context, { offset: 0 });
  #destination = new MediaStreamAudioDestinationNode(this.#context, { channelCount: 1 });

  constructor() {
    this.#source.connect(this.#destination);
    this.#source.start();
  }

  get track() {
    return this.#destination.stream.getAudioTracks()[0];
  }

  /** To be called inside a gesture: before one, browsers keep the context from running. */
  resume() {
    void this.#context.resume();
  }

  /** Idempotent. */
  close() {
    if (this.#context.state !== "closed") void this.#context.close();
  }
}
