import type { Asking } from '../agree.ts';
import { type Arena, openArena } from '../arena.ts';
import { usergraph } from '../contestants/usergraph.ts';
import { openBenchServer } from '../database/open.ts';
import { interruptible } from '../interruptible.ts';
import { type Measured, measure, type Pace } from '../measure/rounds.ts';
import type { QuestionName } from '../questions.ts';

/** How many times the rows of the smaller database the greater has. */
const TIMES = 10;

/** What a question has given on both databases, round by round. */
export interface Sizes {
  question: QuestionName;
  small: Measured['samples'];
  large: Measured['samples'];
}

/** The users of both databases. */
export function sizesOf(users: number): [small: number, large: number] {
  return [users, users * TIMES];
}

/** Measures two of usergraph, each on a database of its own size of the same PostgreSQL, in rounds that alternate. */
export function measureSizes(
  { users, questions, ...pace }: Pace & { users: number; questions: readonly QuestionName[] },
  say: (line: string) => void,
): Promise<Sizes[]> {
  return interruptible(async (stack) => {
    say('Starting PostgreSQL');
    const server = stack.use(await openBenchServer());
    const arenas: Arena[] = [];
    for (const size of sizesOf(users)) {
      const contestant = { ...usergraph, name: nameOf(size), title: `usergraph on ${nameOf(size)}` };
      arenas.push(await openArena({ users: size, contestants: [contestant], questions }, server, stack, say));
    }
    const measured = await measure(together(arenas), pace, say);
    return questions.map((question) => {
      const [small = [], large = []] = sizesOf(users).map((size) => samplesOf(measured, question, nameOf(size)));
      return { question, small, large };
    });
  });
}

const nameOf = (size: number) => `${size.toLocaleString('en')} users`;

/** Arenas as one, whose questions are asked of the contestants of all. */
function together(arenas: readonly Arena[]): Arena {
  const byName = Map.groupBy(
    arenas.flatMap(({ askings }) => askings),
    ({ name }) => name,
  );
  const askings = [...byName].map(
    ([name, same]): Asking => ({ name, inputs: [], asked: same.flatMap(({ asked }) => asked) }),
  );
  return {
    askings,
    settle: async () => {
      for (const arena of arenas) await arena.settle();
    },
    restore: async () => {
      for (const arena of arenas) await arena.restore();
    },
  };
}

function samplesOf(measured: readonly Measured[], question: QuestionName, contestant: string): Measured['samples'] {
  return measured.find((one) => one.question === question && one.contestant === contestant)?.samples ?? [];
}
