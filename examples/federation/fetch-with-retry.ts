import { setTimeout as delay } from 'node:timers/promises';

/** Maximum number of retries. */
const MAX_RETRIES = 3;

/** Longest time in seconds that the gateway waits before it retries. The client gets the error if usergraph asks for more. */
const MAX_RETRY_AFTER = 5;

/**
 * Sends a request of a gateway to a subgraph, and retries it after status 429, with which usergraph has executed nothing. It
 * does not retry after 503: a mutation may have been executed.
 */
export async function fetchWithRetry(url: string, init?: RequestInit): Promise<Response> {
  for (let retries = 0; ; retries += 1) {
    const response = await fetch(url, init);
    const retryAfter = Number(response.headers.get('retry-after'));
    if (response.status !== 429 || retries === MAX_RETRIES || !(retryAfter <= MAX_RETRY_AFTER)) return response;
    await response.body?.cancel();
    await delay(retryAfter * 1000);
  }
}
