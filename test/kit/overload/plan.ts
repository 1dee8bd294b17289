/** What a generator is to send. */
export interface Plan {
  host: string;
  port: number;
  authorization: string;
  /** Bodies for `POST /graphql`, one after the other and all over again. */
  bodies: string[];
  seconds: number;
  /** So many callers who each wait for their answer; or so many requests a second, whatever comes back. */
  load: { callers: number } | { perSecond: number };
  /** How long in ms a caller whose request was shed (503) waits before the next one; 100 by default. */
  pauseMs?: number;
}

/** Latencies in ms of the answers with one status. */
export interface Latencies {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** What came back. */
export interface Outcome {
  sent: number;
  /** Requests that would have needed more connections than a generator opens. */
  unsent: number;
  /** Without an answer: the connection broke, or none came in good time after the end. */
  lost: number;
  /** By status. */
  answers: Record<string, Latencies>;
}
