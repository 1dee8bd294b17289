import type { Asking } from '../agree.ts';
import type { QuestionName } from '../questions.ts';

/** Of 100 requests, those that ask each question: what an application does for one of its users all day, and pages at times. */
export const weights: Readonly<Record<QuestionName, number>> = {
  user: 40,
  page: 10,
  'page-far': 5,
  'page-count': 5,
  entities: 10,
  'add-event': 20,
  'update-user': 10,
  // Its inputs create users, each once.
  'upsert-user': 0,
};

/** A request that can be sent. @throws where the answer is no good one. */
export type Send = () => Promise<unknown>;

/**
 * Requests without end to the first who can be asked. Each question comes as often as its weight says, spread evenly:
 * next is always the one that lags most behind its share. Its inputs come in turn.
 */
export function* mix(askings: readonly Asking[]): Generator<Send, never> {
  const shares = askings.flatMap(({ name, asked: [way] }) =>
    way ? { way, weight: weights[name], lag: 0, sent: 0 } : [],
  );
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  for (;;) {
    for (const share of shares) share.lag += share.weight;
    const next = shares.reduce((most, share) => (share.lag > most.lag ? share : most));
    next.lag -= total;
    const body = next.way.bodies[next.sent % next.way.bodies.length] ?? '';
    next.sent += 1;
    yield () => next.way.ask(body);
  }
}
