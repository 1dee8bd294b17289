/** The requests that a load generator sends. */
export interface Plan {
  host: string;
  port: number;
  authorization: string;
  /** Bodies for `POST /graphql`, sent in a cycle. */
  bodies: string[];
  seconds: number;
  /**
   * The number of clients that each wait for a response (closed loop), of requests per second (open loop), or of requests that
   * are sent simultaneously, each on a connection of its own; the next burst is sent once the previous one is answered.
   */
  load: { callers: number } | { perSecond: number } | Bursts;
  /** The delay in ms of a client after a shed request (503); 100 by default. */
  pauseMs?: number;
}

/** The first burst opens its connections; the following ones use the same connections. Ignores the duration of the plan. */
export interface Bursts {
  size: number;
  bursts: number;
}

/** Latencies in ms of the responses with one status. */
export interface Latencies {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** The result of a run. */
export interface Outcome {
  sent: number;
  /** Requests that would have needed more connections than a generator opens. */
  unsent: number;
  /** Requests without a response: the connection broke, or no response arrived in time after the end. */
  lost: number;
  /** By status. */
  answers: Record<string, Latencies>;
}
