/** How a program shows what it does. */
export interface Progress {
  /** Shows what is being done in one line of a terminal, and nowhere else. */
  say(line: string): void;
  /** Writes a line where there is no terminal: for what has to be seen of a long run in a log. */
  note(line: string): void;
  /** Takes the line away. */
  done(): void;
}

/** Shows progress beside what a program writes. */
export function createProgress(stream = process.stderr): Progress {
  const write = (line: string) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${line}`);
  };
  return {
    say: (line) => write(`${line} …`),
    note: (line) => void (stream.isTTY || stream.write(`${line}\n`)),
    done: () => write(''),
  };
}
