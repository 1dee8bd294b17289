/** Refusals that every operation has, by status. */
export const commonRefusals: Record<number, string> = {
  400: 'A parameter is at fault; `issues` names each.',
  401: 'No key, or a wrong one.',
  403: 'The operation, or this change, requires the secret (or a scope that the key lacks).',
  413: 'The body is larger than 1 MB.',
  414: 'A part of the path has more than 4,096 characters.',
  415: 'The body is not `application/json`, or it is compressed.',
  429: 'The key has spent the points of this minute; `Retry-After` says when there are new ones.',
  500: 'Unexpected; the answer holds the id under which it was logged.',
  503: 'Unavailable just now; `Retry-After` says when to come back.',
};
