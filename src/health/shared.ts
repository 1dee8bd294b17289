/**
 * Asks once for all who ask while it takes, or shortly after: anybody may ask how the gateway is, and each time costs the
 * database something.
 * @param ms for how long an answer stands.
 */
export function shared<Answer>(ask: () => Promise<Answer>, ms: number): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  const forget = () => {
    answer = undefined;
  };
  const begin = () => {
    const asked = ask();
    const stand = () => setTimeout(forget, ms).unref();
    asked.then(stand, stand);
    return asked;
  };
  return () => {
    answer ??= begin();
    return answer;
  };
}
