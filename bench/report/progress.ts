/** Shows what a program is doing now. */
export type ShowProgress = (message: string) => void;

/** Progress messages of a program, separate from its output. */
export interface Progress {
  /** On a terminal, replaces the current line; elsewhere does nothing. */
  show: ShowProgress;
  /** Without a terminal, writes a line to the log; on a terminal does nothing. */
  log(message: string): void;
  /** Removes the current line. */
  clear(): void;
}

export function createProgress(stream = process.stderr): Progress {
  const replaceLine = (line: string) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${line}`);
  };
  return {
    show: (message) => replaceLine(`${message} …`),
    log: (message) => void (stream.isTTY || stream.write(`${message}\n`)),
    clear: () => replaceLine(''),
  };
}
