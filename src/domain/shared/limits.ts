/**
 * The limits of the model, each declared once. Schemas, API descriptions and tests import them. Lengths count Unicode code
 * points unless stated otherwise. Source: docs/contract.md. The page sizes are in `pagination.ts`.
 */

/** Characters in a uid. */
export const MAX_UID_LENGTH = 255;

/** Characters in a first or last name. */
export const MAX_NAME_LENGTH = 255;

/** Characters in an e-mail address. */
export const MAX_EMAIL_LENGTH = 254;

/** Characters in a device token; all are ASCII. */
export const MAX_DEVICE_TOKEN_LENGTH = 1024;

/** Devices that a user keeps: those seen last. */
export const MAX_DEVICES = 5;

/** Characters in the version or the build of an app. */
export const MAX_APP_VERSION_LENGTH = 64;

/** Lists in one input: to subscribe a user to, or to filter users by. */
export const MAX_LISTS_PER_INPUT = 100;

/** Characters in the title of a list, as on the platform. */
export const MAX_LIST_TITLE_LENGTH = 64;

/** Characters in the description of a list, as on the platform. */
export const MAX_LIST_DESCRIPTION_LENGTH = 255;

/** Segments that a workspace can have. */
export const MAX_SEGMENTS = 500;

/** Characters in the name of a segment. */
export const MAX_SEGMENT_NAME_LENGTH = 64;

/** Bytes of the filter of a segment as JSON. Every gateway keeps the filters of all segments that it computes in memory. */
export const MAX_SEGMENT_FILTER_BYTES = 32 * 1024;

/** Characters in the description of a segment. */
export const MAX_SEGMENT_DESCRIPTION_LENGTH = 255;

/** Characters in the name of an event. */
export const MAX_EVENT_NAME_LENGTH = 255;

/** Characters in an idempotency key. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** Characters in the name of a workspace. */
export const MAX_WORKSPACE_NAME_LENGTH = 100;

/** `meta` of a user and `properties` of an event: number of keys, characters in a key, and bytes as JSON in UTF-8. */
export const attributeLimits = { keys: 100, keyLength: 64, bytes: 16 * 1024 } as const;

/** `meta` of a user: the limits apply once to what callers without `users:read` have written, and once to all else. */
export const metaLimits = { keys: 2 * attributeLimits.keys, bytes: 2 * attributeLimits.bytes } as const;

/** Attributes that a workspace can declare. */
export const MAX_DECLARED_ATTRIBUTES = 20;

/** Characters of a declared STRING by which users are found and sorted, as in the function `attribute_text` of the migrations. */
export const MAX_STORED_TEXT_LENGTH = 256;

/** Characters in a text that a filter compares with. */
export const MAX_FILTER_TEXT_LENGTH = 1024;

/** Characters in a search for users. */
export const MAX_SEARCH_LENGTH = 200;

/** Different words in a search for users. */
export const MAX_SEARCH_WORDS = 10;

/** Characters of a name or number of an input that a message or a path repeats. */
export const MAX_ECHO_LENGTH = 100;

/** Validation issues in one error: an input of a megabyte can have a million. */
export const MAX_ISSUES = 100;
