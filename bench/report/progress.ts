/** Shows what is being done in one line of a terminal, and nowhere else. */
export function createProgress(stream = process.stderr): { say(line: string): void; done(): void } {
  const write = (line: string) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${line}`);
  };
  return { say: (line) => write(`${line} …`), done: () => write('') };
}
