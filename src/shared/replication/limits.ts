// The protocol's version and its fixed bounds. What a server may set lower (quotas, rates) it says in its status instead.

/** Sent with every request as the header `cairn-protocol`; a server answers what it does not speak with `too-old` (S33). */
export const PROTOCOL_VERSION = 1;
/** The oldest version that this side still speaks. */
export const OLDEST_PROTOCOL_VERSION = 1;
export const PROTOCOL_HEADER = 'cairn-protocol';

/** A batch of objects or entries, either way, has at most so many frames and so many bytes, whichever comes first (S11). */
export const MAX_BATCH_FRAMES = 64;
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Bytes of an object in one frame. A larger object travels in parts. */
export const MAX_FRAME_PAYLOAD_BYTES = 4 * 1024 * 1024;
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/** Entries are small, so that a page may have more of them than of objects. */
export const MAX_ENTRIES_PER_BATCH = 1_000;
export const MAX_ENTRY_PAYLOAD_BYTES = 256 * 1024;
export const MAX_REQUIRES_PER_ENTRY = 65_536;
export const MAX_RETIRED_RANGES_PER_ENTRY = 4_096;
/** Of all entries of a push: as many as fit into the 4 MiB that a device sends at once. */
export const MAX_RETIRED_RANGES_PER_PUSH = 262_144;

/** Ids in one question `have?`, `get` or `damaged`. */
export const MAX_IDS_PER_REQUEST = 10_000;
export const MAX_DEVICES_PER_VAULT = 200;
/** The wrapped key slots of a vault, as one text. */
export const MAX_SLOTS_BYTES = 64 * 1024;
/** A vault key sealed to a new device. */
export const MAX_SEALED_KEY_BYTES = 1_024;

/** Objects that no live entry names are freed so much later (S8). */
export const FREE_AFTER_DAYS = 30;
