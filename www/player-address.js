/** The addresses of a stream's sound, its playlists, and how players are made to open them. */

/**
 * @typedef {Object} Format
 * @property {string} extension
 * @property {string} label
 * @property {string} type as `canPlayType` knows it
 * @property {boolean} hasBitrate
 */

/** @type {Format[]} */
export const FORMATS = [
  { extension: "mp3", label: "MP3", type: "audio/mpeg", hasBitrate: true },
  { extension: "aac", label: "AAC", type: "audio/aac", hasBitrate: true },
  { extension: "ogg", label: "Ogg Opus", type: "audio/ogg; codecs=opus", hasBitrate: false },
  { extension: "flac", label: "FLAC", type: "audio/flac", hasBitrate: false },
  { extension: "wav", label: "WAV", type: "audio/wav", hasBitrate: false },
];

export const BITRATES_KBPS = [64, 96, 128, 192, 320];

/**
 * @typedef {Object} Place
 * @property {string} root where the server's addresses begin, with a slash at the end
 * @property {string} address a slug, an id or "latest"
 * @property {Format} format
 */

/**
 * Tell from the address of the page which stream it is about.
 *
 * @param {string} href
 * @returns {Place}
 */
export function placeOf(href) {
  const url = new URL(href);
  const [, folder, file] = url.pathname.match(/^(.*\/)stream\/([^/]+)$/) ?? [];
  if (file === undefined) {
    const address = url.searchParams.get("stream") ?? "latest";
    return { root: new URL(".", url.origin + url.pathname).href, address, format: FORMATS[0] };
  }
  const path = decodeURIComponent(file);
  const dot = path.lastIndexOf(".");
  const format = FORMATS.find(({ extension }) => extension === path.slice(dot + 1).toLowerCase());
  return {
    root: url.origin + folder,
    address: dot >= 0 && format ? path.slice(0, dot) : path,
    format: format ?? FORMATS[0],
  };
}

/**
 * Where a player hears the stream.
 *
 * @param {Pick<Place, "root" | "address">} place
 * @param {Format} format
 * @param {number | null} [bitrate_kbps] null: as the server is set
 */
export function soundAddress({ root, address }, format, bitrate_kbps = null) {
  const url = new URL(`stream/${encodeURIComponent(address)}.${format.extension}`, root);
  if (bitrate_kbps !== null && format.hasBitrate) {
    url.searchParams.set("bitrate", String(bitrate_kbps));
  }
  return url.href;
}

/**
 * Where the playlist of the stream is.
 *
 * @param {Pick<Place, "root" | "address">} place
 * @param {"m3u" | "pls"} kind
 * @param {Format} format
 * @param {number | null} [bitrate_kbps]
 */
export function playlistAddress({ root, address }, kind, format, bitrate_kbps = null) {
  const url = new URL(`stream/${encodeURIComponent(address)}.${kind}`, root);
  if (format.extension !== "mp3") url.searchParams.set("format", format.extension);
  if (bitrate_kbps !== null && format.hasBitrate) {
    url.searchParams.set("bitrate", String(bitrate_kbps));
  }
  return url.href;
}

/**
 * @typedef {Object} Recipe
 * @property {string} title
 * @property {string} text
 * @property {string} code what to copy
 */

/**
 * How it is opened in players that need more than the address.
 *
 * @param {string} address of the sound, as chosen
 * @param {string} mp3 the address of the MP3, for what wants no other format
 * @returns {Recipe[]}
 */
export function recipes(address, mp3) {
  return [
    {
      title: "VLC",
      text: "Media → Open Network Stream, or in a terminal, with little delay:",
      code: `vlc --network-caching=300 "${address}"`,
    },
    {
      title: "Sonos",
      text: "It takes MP3 as a radio station. For programs that speak to it directly:",
      code: mp3.replace(/^https?:/, "x-rincon-mp3radio:"),
    },
    {
      title: "Home Assistant",
      text: "An action for any media player, a Chromecast or ESPHome speaker among them:",
      code: [
        "action: media_player.play_media",
        "target:",
        "  entity_id: media_player.kitchen",
        "data:",
        "  media_content_type: music",
        `  media_content_id: "${mp3}"`,
      ].join("\n"),
    },
  ];
}
