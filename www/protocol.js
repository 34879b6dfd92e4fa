/** The messages of docs/protocol.md as types; nothing here runs. */

/** @import { SoundFormat } from "./sound-formats.js" */

/**
 * @typedef {Object} StreamDetails
 * @property {string} stream_id
 * @property {string | null} name
 * @property {string | null} slug
 * @property {"live" | "stalled"} state
 * @property {boolean} muted by its sender, who sends silence
 * @property {boolean} muted_by_house silence is passed on, whatever its sender sends
 * @property {boolean} gated its sender sends silence while it is quiet
 * @property {number} receivers
 * @property {number} listeners
 * @property {number | null} started_at seconds since 1970 on the server's clock; null while unknown
 * @property {Hearing} hearing
 * @property {"good" | "weak" | "bad" | null} [line] how its sender's packets arrive
 * @property {number} lookback_s how far back one may begin to hear it; 0: nothing is kept
 * @property {boolean} recorded it is being written to a file
 */

/**
 * How well a stream's receivers hear it; who has not reported yet is in none of the counts.
 *
 * @typedef {Object} Hearing
 * @property {number} good
 * @property {number} weak
 * @property {number} bad
 * @property {number} worst_loss_percent
 */

/**
 * @typedef {Object} AvailableStreams
 * @property {"available_streams"} type
 * @property {string[]} streams
 * @property {StreamDetails[]} [details]
 * @property {RTCIceServer[]} [ice_servers]
 */

/** @typedef {{type: "sender_ready", connection_id: string, name: string | null, slug: string | null, resume_token: string, format?: SoundFormat}} SenderReady */
/** @typedef {{type: "receiver_ready", stream_id: string, format: SoundFormat, resume_token: string}} ReceiverReady */
/** @typedef {{type: "webrtc_offer", offer: {type: "offer", sdp: string}, stream_id: string, resume_token: string}} ServerOffer */
/** @typedef {{type: "webrtc_answer", answer: {type: "answer", sdp: string}}} ServerAnswer */
/** @typedef {{type: "resumed", stream_id: string | null, resume_token: string}} Resumed */
/** @typedef {{type: "moved", stream_id: string}} Moved */
/** @typedef {{type: "stream_available", stream_id: string, name: string | null, slug: string | null}} StreamAvailable */
/** @typedef {{type: "stream_changed", stream: StreamDetails}} StreamChanged */
/** @typedef {{type: "audience", stream_id: string, hearers: Hearer[], more: number, hushed: string[]}} Audience */
/** @typedef {{id: string, name: string, by: "webrtc" | "websocket" | "http", since: number}} Hearer since: seconds since 1970 */
/** @typedef {{type: "alert", id: string, kind: string, stream: string, name: string | null, began_at: number, level_dbfs: number | null}} Alert stream: a slug or an id */
/** @typedef {{type: "stream_ended", stream_id: string, reason: string}} StreamEnded */
/** @typedef {{type: "pong", id: string | number | null, timestamp: number}} Pong */
/** @typedef {{type: "error", code: string, message: string, request: string | null}} RelayError */

/**
 * @typedef {Object} AudioData
 * @property {"audio_data"} type
 * @property {string} stream_id
 * @property {number} timestamp seconds on the server's clock
 * @property {number} level_dbfs
 * @property {number} peak_dbfs
 * @property {boolean} voice
 * @property {number[]} bands 32 levels in dBFS
 */

/**
 * @typedef {AvailableStreams | SenderReady | ReceiverReady | ServerOffer | ServerAnswer | Resumed | Moved
 *   | StreamAvailable | StreamChanged | Audience | Alert | StreamEnded | Pong | RelayError | AudioData} ServerMessage
 */

/** @typedef {{transport?: "webrtc" | "websocket", formats?: SoundFormat[]}} Way */

/**
 * @typedef {{type: "start_sending", name?: string, device_id?: string, muted?: boolean, gated?: boolean} & Way
 *   | {type: "start_receiving", stream_id?: string, name?: string, keep?: boolean} & Way
 *   | {type: "move_to", stream_id?: string, name?: string}
 *   | {type: "webrtc_offer", offer: {type: "offer", sdp: string}}
 *   | {type: "webrtc_answer", answer: {type: "answer", sdp: string}}
 *   | {type: "set_muted", muted: boolean, gated?: boolean}
 *   | {type: "set_lookback", enabled: boolean}
 *   | {type: "stop_stream"}
 *   | {type: "get_available_streams", details?: boolean}
 *   | {type: "subscribe_visualization", stream_id?: string}
 *   | {type: "unsubscribe_visualization", stream_id?: string}
 *   | {type: "hush", who?: string}
 *   | {type: "unhush"}
 *   | {type: "resume", token: string}
 *   | {type: "ping", id?: string | number}} ClientMessage
 */

export {};
