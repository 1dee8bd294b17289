/** An instruction of a Dockerfile, such as `COPY --from=build /app .`. */
export interface Instruction {
  /** In upper case. */
  name: string;
  /** `{ from: 'build' }` */
  flags: Record<string, string>;
  /** What follows the flags. */
  text: string;
}

/** The instructions between a `FROM` and the next one. */
export interface Stage {
  /** The name of an image. */
  base: string;
  /** Undefined: the stage has no name, so that no other can copy from it. */
  name: string | undefined;
  instructions: Instruction[];
}

/**
 * Parses a Dockerfile. `ARG` is supported before the first `FROM` only, with a default, and replaced in `FROM` only.
 * @throws if it finds anything else that it does not support.
 */
export function parseDockerfile(text: string): Stage[] {
  const variables = new Map<string, string>();
  const stages: Stage[] = [];
  for (const instruction of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') stages.push(toStage(replaceVariables(instruction.text, variables)));
    else if (stage) stage.instructions.push(instruction);
    else if (instruction.name === 'ARG') setVariable(instruction.text, variables);
    else throw new Error(`Unsupported before FROM: ${instruction.name}`);
  }
  return stages;
}

function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const joined = lines.join('\n').replaceAll(/\\\n\s*/g, '');
  return joined.split('\n').map((line) => {
    const [, name = '', flags = '', rest = ''] = /^(\w+)((?:\s+--\S+)*)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`Not an instruction: ${line}`);
    const pairs = [...flags.matchAll(/--([\w-]+)=(\S+)/g)].map(([, flag = '', value = '']) => [flag, value]);
    return { name: name.toUpperCase(), flags: Object.fromEntries(pairs), text: rest };
  });
}

function toStage(text: string): Stage {
  const [, base = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(text) ?? [];
  if (base === '') throw new Error(`Unsupported: FROM ${text}`);
  return { base, name, instructions: [] };
}

function setVariable(text: string, variables: Map<string, string>): void {
  const [name = '', value] = text.split('=', 2);
  if (value === undefined) throw new Error(`ARG ${name} needs a default.`);
  variables.set(name, value);
}

function replaceVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = variables.get(name);
    if (value === undefined) throw new Error(`No ARG ${name} before FROM.`);
    return value;
  });
}
